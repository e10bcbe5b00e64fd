# frozen_string_literal: true

require_relative "test_helper"

class UniqueTest < RedisTest
  class Sync
    include Sidekiq::Worker
    sidekiq_options queue: "sync", unique_for: 60
  end

  LOCK = "sidekiq:unique:sync:UniqueTest::Sync:"

  # What .NET (LockDigestTests) and rusty-sidekiq compute.
  {
    [1, "x"] => "b1aafb0d4ee706f1fe2ea1f8a4d7d84ec4c24870a2b91d2da6f2ddb0c2249dcf",
    [{b: 1, a: 2}] => "82c9656ed6aa58d0ca5d00081451bfd33f9edd2a45f27c647781c8783759541d"
  }.each do |args, digest|
    define_method("test_digest_of_#{args}") { assert_equal digest, Sidekiq::MassTransit::UniqueLock.digest(args) }
  end

  def test_an_active_job_is_its_class_and_arguments
    one, two = [1, 2].map { |id| [{"job_class" => "A", "job_id" => id, "arguments" => [7]}] }
    lock = Sidekiq::MassTransit::UniqueLock

    assert_equal lock.digest(one, "A"), lock.digest(two, "A")
    assert_equal lock.digest(["A", [7]]), lock.digest(one, "A")
    refute_equal lock.digest(one, "A"), lock.digest(one, "B")
  end

  def test_an_equal_job_is_stopped_while_the_first_one_holds_the_lock
    jid = Sync.perform_async(1)

    assert_nil Sync.perform_async(1)
    refute_nil Sync.perform_async(2)
    assert_equal [1, 2], queue("sync").flat_map { |job| job["args"] }.sort
    key = call("KEYS", "#{LOCK}*").find { |lock| call("GET", lock) == jid }
    assert_in_delta 60_000, call("PTTL", key), 5_000
  end

  def test_the_lock_of_a_scheduled_job_lasts_from_when_it_is_due
    Sync.perform_in(100, 1)

    assert_nil Sync.perform_async(1)
    assert_in_delta 160_000, call("PTTL", call("KEYS", "#{LOCK}*").first), 5_000
  end

  def test_a_job_that_is_pushed_again_is_not_asked_again
    Sync.perform_in(100, 1)
    call("DEL", *call("KEYS", "#{LOCK}*"))
    Sync.perform_async(1)

    Sidekiq::ScheduledSet.new.first.add_to_queue

    assert_equal 2, queue("sync").size
  end

  def test_a_job_without_it_pays_nothing
    jid = Sync.set(unique_for: false).perform_async(1)

    assert_equal ["queue:sync", "queues"], call("KEYS", "*").sort
    assert_equal jid, queue("sync").first["jid"]
  end

  def test_the_end_releases_the_lock_and_a_failure_does_not
    job = pushed(1)

    assert_raises(RuntimeError) { work(job) { raise "failed" } }
    assert_equal 1, locks
    work(job) { assert_equal 1, locks }
    assert_equal 0, locks
  end

  def test_until_start_releases_it_before_the_job_runs_and_until_expiry_never
    work(pushed(1, unique_until: "start")) { assert_equal 0, locks }

    job = pushed(1, unique_until: "expiry")
    work(job) {}
    die(job)
    assert_equal 1, locks
  end

  def test_death_releases_it_in_the_queue_where_it_was_taken
    job = pushed(1, retry_queue: "slow")
    die(job.merge("queue" => "slow"))

    assert_equal 0, locks
  end

  def test_a_lock_that_another_job_holds_by_now_stays
    job = pushed(1)
    call("SET", call("KEYS", "#{LOCK}*").first, "other")

    work(job) {}

    assert_equal 1, locks
  end

  def pushed(argument, options = {})
    Sync.set(options).perform_async(argument)
    queue("sync").first
  end

  def work(job, &block)
    Sidekiq::MassTransit::UniqueEnd.new.call(nil, job, "sync", &block)
  end

  def die(job)
    Sidekiq::MassTransit::UniqueEnd::DIED.call(job, RuntimeError.new("dead"))
  end

  def locks
    call("KEYS", "sidekiq:unique:*").size
  end
end
