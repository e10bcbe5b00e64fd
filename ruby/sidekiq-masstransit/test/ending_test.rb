# frozen_string_literal: true

require_relative "test_helper"

class EndingTest < RedisTest
  KEPT = {"jid" => "a1", "mt" => {"ledger" => "orders"}}.freeze

  def test_the_ledger_hears_of_a_job_that_is_done_and_of_one_that_is_dead
    ledger = Sidekiq::MassTransit::Ledger
    ledger.new.call(nil, KEPT, "q") { assert_equal [], noted }
    ledger::DIED.call(KEPT.merge("jid" => "b2"), RuntimeError.new("dead"))
    ledger.new.call(nil, {"jid" => "c3"}, "q") {}

    assert_equal ["a1", "b2:dead"], noted.sort
    assert_equal ["mt:completed:orders"], call("KEYS", "*")
    assert_in_delta Time.now.to_f, call("ZSCORE", "mt:completed:orders", "a1").to_f, 10
  end

  def test_a_job_that_fails_is_not_done
    assert_raises(RuntimeError) { Sidekiq::MassTransit::Ledger.new.call(nil, KEPT, "q") { raise "failed" } }
    assert_equal [], noted
  end

  def test_a_job_that_has_expired_does_not_run
    now = Time.now.to_f

    refute runs?("expires_in" => 10, "created_at" => now - 11)
    assert runs?("expires_in" => 10, "created_at" => now - 9)
    assert runs?("expires_in" => 10, "created_at" => now - 60, "enqueued_at" => now - 9)
    refute runs?("expires_in" => "10", "created_at" => ((now - 11) * 1000).to_i)
    refute runs?("mt" => {"exp" => now - 1}, "expires_in" => 60, "created_at" => now)
    assert runs?("created_at" => 1)
    assert runs?("expires_in" => false, "created_at" => 1)
  end

  def test_the_life_of_a_retry_counts_from_its_creation_unless_it_was_scheduled
    now = Time.now.to_f

    refute runs?("expires_in" => 10, "created_at" => now - 12, "failed_at" => now - 4, "enqueued_at" => now)
    assert runs?("expires_in" => 10, "created_at" => now - 60, "failed_at" => now - 9, "enqueued_at" => now)
  end

  def test_the_mark_of_a_cancelled_job_is_sidekiqs
    refute MT.cancelled?("a1")

    first = MT.cancel("a1")

    assert MT.cancelled?("a1")
    assert_equal [first, first.to_i.to_s], [MT.cancel("a1"), call("HGET", "it-a1", "cancelled")]
    assert_in_delta 30 * 24 * 60 * 60, call("TTL", "it-a1"), 10
    assert_raises(ArgumentError) { MT.cancel(nil) }
  end

  def noted
    call("ZRANGE", "mt:completed:orders", 0, -1)
  end

  def runs?(job)
    ran = false
    Sidekiq::MassTransit::Expiry.new.call(nil, job, "q") { ran = true }
    ran
  end
end
