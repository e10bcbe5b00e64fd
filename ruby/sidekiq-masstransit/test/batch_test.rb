# frozen_string_literal: true

require_relative "test_helper"

class BatchTest < RedisTest
  JOB = {"class" => "X", "args" => [], "jid" => "a1", "retry" => 2, "mt_batch" => "b1"}.freeze

  # As create_batch.lua and push_tied.lua leave it: two jobs, and a callback for each event.
  def setup
    super
    events = %w[complete success death].flat_map { |event| ["#{event}:0", "told|{\"class\":\"#{event}\",\"jid\":\"#{event}\",\"args\":[]"] }
    call("HSET", "mt:batch:b1", "created", 1, "total", 2, "pending", 2, "arrived", 2, "expected", 2, *events)
    call("HSET", "mt:batch:b1:open", "a1", "", "b2", "")
  end

  def test_the_last_job_that_succeeds_brings_the_callbacks_once
    work(JOB)
    assert_equal ["1", []], [pending, told]

    2.times { work(JOB.merge("jid" => "b2")) }

    assert_equal ["0", %w[complete success]], [pending, told]
    assert_in_delta 86_400, call("TTL", "mt:batch:b1"), 10
  end

  def test_a_failure_completes_a_batch_and_a_death_is_told
    work(JOB.merge("jid" => "b2"))
    assert_raises(RuntimeError) { work(JOB) { raise "failed" } }
    assert_equal [%w[complete], ["1", "0"]], [told, state("failed", "dead")]

    assert_raises(RuntimeError) { work(JOB.merge("retry_count" => 1)) { raise "failed" } }
    Sidekiq::MassTransit::Batch::DIED.call(JOB, RuntimeError.new("dead"))

    assert_equal [%w[complete death], ["1", "1", "2"]], [told, state("failed", "dead", "failures")]
  end

  def test_an_interrupted_job_has_not_failed
    require "sidekiq/job_retry"

    assert_raises(Sidekiq::JobRetry::Skip) { work(JOB) { raise Sidekiq::JobRetry::Skip } }

    assert_equal [nil], state("failures")
  end

  def test_an_expired_job_is_dropped
    work(JOB.merge("expires_in" => 1, "created_at" => 1)) { flunk "It ran" }

    assert_equal ["1", "1"], [pending, *state("dropped")]
  end

  def test_a_job_of_no_batch_pays_nothing
    call("CONFIG", "RESETSTAT")

    work("jid" => "a1")
    Sidekiq::MassTransit::Batch::DIED.call({"jid" => "a1"}, RuntimeError.new("dead"))

    refute_includes call("INFO", "commandstats"), "evalsha"
  end

  def work(job, &block)
    Sidekiq::MassTransit::Batch.new.call(nil, job, "q") do
      Sidekiq::MassTransit::Expiry.new.call(nil, job, "q") { block&.call }
    end
  end

  def told
    queue("told").map { |job| job["class"] }.reverse
  end

  def state(*fields)
    call("HMGET", "mt:batch:b1", *fields)
  end

  def pending
    state("pending").first
  end
end
