# frozen_string_literal: true

require_relative "test_helper"

class LimitTest < RedisTest
  Limit, Limits = Sidekiq::MassTransit::Limit, Sidekiq::MassTransit::Limits
  JOB = {"class" => "Pay", "args" => [{"tenant" => "acme"}], "jid" => "a1"}.freeze

  def setup
    super
    @limits = Limits.new
    @slots = Sidekiq::MassTransit::LimitSlots.new(@limits, 0.02)
  end

  def test_a_slot_that_is_freed_goes_to_the_job_that_waits
    limit("stripe", "concurrent", 1)

    work(JOB) do
      work(JOB.merge("jid" => "b2")) { flunk "There was no room" }
      assert_equal [1, "b2", "pay"], [denials, scheduled.jid, scheduled.queue]
      assert_equal [], queue("pay")
    end

    assert_equal ["b2"], queue("pay").map { |job| job["jid"] }
    assert(work(queue("pay").first) { true })
    assert_equal 0, call("ZCARD", "mt:limit:stripe")
  end

  def test_a_failed_job_frees_its_slot
    limit("stripe", "concurrent", 1)

    assert_raises(RuntimeError) { work(JOB) { raise "failed" } }

    assert_equal 0, call("ZCARD", "mt:limit:stripe")
  end

  def test_a_window_says_when_there_is_room
    limit("api", "window", 2, 100)
    2.times { assert(work(JOB) { true }) }

    work(JOB) { flunk "There was no room" }

    assert_in_delta Time.now.to_f + 100, scheduled.score, 10
    assert_equal "window 2 100000000", call("HGET", "mt:limits", "api").split[0, 3].join(" ")
  end

  def test_a_bucket_fills_with_time
    limit("mail", "bucket", 2, 100)
    2.times { assert(work(JOB) { true }) }

    work(JOB) { flunk "There was no room" }

    assert_in_delta Time.now.to_f + 50, scheduled.score, 10
  end

  def test_each_key_has_a_limit_of_its_own_and_an_empty_one_none
    limit("api", "window", 1, 100, by: ->(payment) { payment["tenant"] })

    %w[acme other].each { |tenant| assert(work(JOB.merge("args" => [{"tenant" => tenant}])) { true }) }
    2.times { assert(work(JOB.merge("args" => [{}])) { true }) }
    work(JOB) { flunk "There was no room" }

    assert_equal %w[mt:limit:api:acme mt:limit:api:other], call("KEYS", "mt:limit:*").sort
  end

  def test_a_job_takes_of_all_its_limits_or_of_none
    limit("wide", "window", 10, 100)
    limit("narrow", "window", 1, 100)
    work(JOB) { true }

    work(JOB) { flunk "There was no room" }

    assert_equal [1, 1], [call("LLEN", "mt:limit:wide"), call("LLEN", "mt:limit:narrow")]
  end

  def test_a_job_that_is_denied_too_often_fails
    limit("api", "window", 1, 100, reschedules: 2)
    work(JOB) { true }

    2.times { |count| work(JOB.merge("mt" => {"limited" => count})) { flunk "There was no room" } }
    error = assert_raises(Sidekiq::MassTransit::LimitError) { work(JOB.merge("mt" => {"limited" => 2})) { flunk "There was no room" } }

    assert_equal [1, 2], Sidekiq::ScheduledSet.new.map { |job| job["mt"]["limited"] }.sort
    assert_includes error.message, "'api' had no room 3 times"
  end

  def test_an_expired_job_does_not_ask_and_no_other_worker_does
    limit("stripe", "concurrent", 1)

    work(JOB.merge("expires_in" => 1, "created_at" => 1)) { true }
    work(JOB.merge("class" => "Other")) { true }

    assert_equal [], call("KEYS", "*")
  end

  def test_a_put_off_keeps_the_lock_of_a_unique_job
    limit("api", "window", 1, 100)
    work(JOB) { true }
    call("SET", "sidekiq:unique:pay:Pay:x", "a1", "PX", 1_000)

    work(JOB.merge("unique_for" => 60, "unique_digest" => "x")) { flunk "There was no room" }

    assert_in_delta 160_000, call("PTTL", "sidekiq:unique:pay:Pay:x"), 10_000
  end

  def test_the_slots_of_running_jobs_are_kept
    limit("stripe", "concurrent", 1)

    work(JOB) do
      holder = call("ZRANGE", "mt:limit:stripe", 0, -1).first
      call("ZADD", "mt:limit:stripe", 1, holder)
      Eventually.until("it is held again") { call("ZSCORE", "mt:limit:stripe", holder).to_f > 1 }
    end
  end

  def test_what_a_server_declares_applies_to_all
    limit("api", "window", 5, 100)
    @limits.declare
    @limits = Limits.new
    limit("api", "window", 1, 100)

    2.times { assert(work(JOB) { true }) }
    log = capture { @limits.declare }
    work(JOB) { flunk "There was no room" }

    assert_includes log, "is 'window 1 100000000' now, and was 'window 5 100000000'"
  end

  def test_what_makes_no_sense_is_said
    {
      "has a name" => ["a b", "concurrent", 1],
      "lets 0 jobs start" => ["a", "concurrent", 0],
      "1 to 10000" => ["a", "window", 20_000, 60],
      "has a period" => ["a", "bucket", 1, 0],
      "has a period of 0.5: 1 to" => ["a", "window", 1, 0.5],
      "in a microsecond" => ["a", "bucket", 1_000_000, 0.5]
    }.each { |text, (name, kind, most, period)| assert_includes assert_raises(ArgumentError) { limit(name, kind, most, period || 0) }.message, text }
    assert_includes assert_raises(ArgumentError) { MT.limit("a", on: "Pay") }.message, "one of concurrent, window and bucket"
  end

  def limit(name, kind, most, period = 0, **options)
    @limits.add("Pay", Limit.new(name, kind, most, period, **options))
  end

  def work(job, &block)
    Sidekiq::MassTransit::LimitGate.new(@limits, @slots).call(nil, job, "pay", &block)
  end

  def scheduled
    Sidekiq::ScheduledSet.new.first
  end

  def denials
    scheduled["mt"]["limited"]
  end

  # Sidekiq 7 has its logger in a configuration.
  def capture
    lines = StringIO.new
    config = Sidekiq.respond_to?(:default_configuration) ? Sidekiq.default_configuration : Sidekiq
    logger = config.logger
    config.logger = Logger.new(lines)
    yield
    lines.string
  ensure
    config.logger = logger
  end
end
