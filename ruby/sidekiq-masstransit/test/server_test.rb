# frozen_string_literal: true

require_relative "test_helper"

# One real Sidekiq process for them all.
class ServerTest < RedisTest
  ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
  START = <<~'RUBY'
    require "sidekiq/cli"
    Redis.silence_deprecations = true if defined?(Redis) && Redis.respond_to?(:silence_deprecations=)
    cli = Sidekiq::CLI.instance
    cli.parse(["-r", ARGV[0], "-c", "2", "-q", "default", "-q", "heard"])
    cli.run
  RUBY

  LOG = "#{OwnRedis::FOLDER}/sidekiq.log"

  class << self
    attr_accessor :declared
  end

  def self.run(*)
    Sidekiq.redis { |client| client.call("FLUSHDB") }
    pid = spawn(
      {"REDIS_URL" => OwnRedis.url},
      "timeout", "300", RbConfig.ruby, "-I", File.expand_path("../lib", __dir__), "-e", START, File.expand_path("workers.rb", __dir__),
      %i[out err] => LOG
    )
    super
  ensure
    Process.kill(:TERM, pid)
    Process.wait(pid)
  end

  def setup
    Eventually.until("it subscribes") { subscribed? }
    # Before a test empties Redis.
    self.class.declared ||= call("HGET", "mt:limits", "one")
  rescue RuntimeError
    warn File.read(LOG)
    raise
  end

  def test_it_runs_what_it_has_subscribed_to_before_and_after_a_flush
    assert_equal({"heard|Listener" => "Listener"}, call("HGETALL", "mt:topic:Shop:Order").then { |all| all.is_a?(Hash) ? all : Hash[*all] })
    MT.publish "Shop:Order", {number: 1}, correlation_id: ID
    assert_equal ["heard", {"number" => 1}, ID], ran

    call("FLUSHDB")
    Eventually.until("it subscribes again") { subscribed? }
    MT.publish "Shop:Order", {number: 2}

    assert_equal ["heard", {"number" => 2}, nil], ran
  end

  def test_a_worker_answers_its_request
    call("SET", "mt:temporary:reply", 1, "PX", 60_000)
    batch "b1", "a1"
    push "Answering", ["hello"], {"req" => ID, "res" => "/reply?temporary=true", "ledger" => "orders"}, "mt_batch" => "b1"

    answer = JSON.parse(Eventually.until("it answers") { call("LPOP", "queue:reply") })
    assert_equal [[{"text" => "HELLO"}], ID], [answer["args"], answer["mt"]["req"]]
    Eventually.until("the ledger hears of it") { call("ZSCORE", "mt:completed:orders", "a1") }
    assert call("HGET", "mt:batch:b1", "success")
  end

  def test_a_dead_job_is_told_to_its_client_its_ledger_and_its_lock
    call("SET", "mt:temporary:failed", 1, "PX", 60_000)
    digest = Sidekiq::MassTransit::UniqueLock.digest([1])
    call("SET", "sidekiq:unique:default:Failing:#{digest}", "d4")
    batch "b4", "d4"
    push "Failing", [1], {"req" => ID, "res" => "/failed?temporary=true", "type" => ["urn:message:Shop:Ask"], "ledger" => "orders"},
      "jid" => "d4", "unique_for" => 60, "unique_digest" => digest, "mt_batch" => "b4"

    fault = JSON.parse(Eventually.until("the client is told") { call("LPOP", "queue:failed") })
    assert_equal ["MassTransit::Fault_Shop_Ask", "as asked"], [fault["class"], fault["args"].first["exceptions"].first["message"]]
    Eventually.until("the ledger hears of it") { call("ZSCORE", "mt:completed:orders", "d4:dead") }
    assert_equal 0, call("EXISTS", "sidekiq:unique:default:Failing:#{digest}")
    assert_equal ["1", "1"], call("HMGET", "mt:batch:b4", "dead", "failures")
  end

  def test_a_job_that_is_unique_keeps_equal_ones_out_until_it_has_ended
    jid = Sidekiq::Client.push("class" => "Locked", "queue" => "default", "args" => [1], "unique_for" => 600)

    assert_equal ["locked", nil], ran
    Eventually.until("the lock of #{jid} is released") { call("KEYS", "sidekiq:unique:*").empty? }
  end

  def test_a_job_without_room_waits_for_the_end_of_another_and_has_not_ended
    %w[l1 l2].each { |jid| push "Limited", [jid], {"ledger" => "limited"}, "jid" => jid }
    first = ran.last
    waiting = Eventually.until("the other one is put off") { Sidekiq::ScheduledSet.new.first }

    assert_equal [%w[l1 l2].sort, 1], [[first, waiting.jid].sort, waiting["mt"]["limited"]]
    assert_equal [], call("ZRANGE", "mt:completed:limited", 0, -1)
    assert_match(/\Aconcurrent 1 0 /, self.class.declared)

    call("RPUSH", "go", 1, 1)
    assert_equal waiting.jid, ran.last
    Eventually.until("both have ended") { call("ZCARD", "mt:completed:limited") == 2 }
  end

  def push(job_class, args, metadata, job = {})
    # As .NET does, past all middleware.
    job = {"class" => job_class, "args" => args, "jid" => "a1", "queue" => "default", "retry" => 0, "mt" => metadata}.merge(job)
    call("LPUSH", "queue:default", JSON.generate(job))
  end

  def batch(bid, jid)
    call("HSET", "mt:batch:#{bid}", "created", 1, "total", 1, "pending", 1, "arrived", 1, "expected", 1)
    call("HSET", "mt:batch:#{bid}:open", jid, "")
  end

  def ran
    JSON.parse(Eventually.until("a job runs") { call("LPOP", "ran") })
  end

  def subscribed?
    call("EXISTS", "mt:topic:Shop:Order") == 1
  end
end
