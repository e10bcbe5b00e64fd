# frozen_string_literal: true

require_relative "test_helper"

class RequestTest < RedisTest
  ID = "0f8fad5b-d9cb-469f-a165-70867728950e"

  def request(address = "/reply%2B1?temporary=true", **parts)
    {
      "class" => "Shop::Check", "jid" => "a1", "args" => [{"number" => 7}],
      "mt" => {"id" => ID, "type" => ["urn:message:Shop:Check"], "req" => ID, "conv" => ID, "res" => address}.merge(parts.transform_keys(&:to_s))
    }
  end

  def test_the_response_is_in_the_clients_temporary_queue
    call("SET", "mt:temporary:reply+1", 1, "PX", 60_000)

    assert MT.respond(request, "Shop:Accepted", {number: 7})

    job = queue("reply+1").first
    assert_equal ["Shop::Accepted", [{"number" => 7}], "reply+1"], job.values_at("class", "args", "queue")
    assert_equal [ID, ID, ["urn:message:Shop:Accepted"]], job["mt"].values_at("req", "conv", "type")
    assert_equal Digest::SHA1.hexdigest(job["mt"]["id"])[0, 24], job["jid"]
    assert_operator call("PTTL", "queue:reply+1"), :>, 0
    assert_equal 0, call("EXISTS", "queues")
  end

  def test_a_client_that_is_gone_gets_none
    refute MT.respond(request, "Shop:Accepted", {})
    assert_equal [], call("KEYS", "*")
  end

  {
    "/answers" => "answers", "sidekiq://redis:6379/0/answers" => "answers", "queue:answers" => "answers",
    "topic:Shop:Answers" => "listener", "/Shop:Answers?type=topic" => "listener"
  }.each do |address, expected|
    define_method("test_#{address}_is_answered_in_#{expected}") do
      subscribe "Shop:Answers", "listener"

      assert MT.respond(request(address), "Shop:Accepted", {})

      assert_equal "Shop::Accepted", queue(expected).first["class"]
      assert_equal [expected], call("SMEMBERS", "queues")
    end
  end

  def test_an_error_is_the_fault_that_the_client_waits_for
    call("SET", "mt:temporary:reply+1", 1, "PX", 60_000)
    error = begin
      begin
        Integer("x")
      rescue ArgumentError
        raise "no number"
      end
    rescue => e
      e
    end

    assert MT.fail(request, error)

    job = queue("reply+1").first
    fault = job["args"].first
    assert_equal "MassTransit::Fault_Shop_Check", job["class"]
    assert_equal ["urn:message:MassTransit:Fault[[Shop:Check]]", "urn:message:MassTransit:Fault"], job["mt"]["type"]
    assert_equal [ID, {"number" => 7}], fault.values_at("faultedMessageId", "message")
    exception = fault["exceptions"].first
    assert_equal ["RuntimeError", "no number", "ArgumentError"],
      [*exception.values_at("exceptionType", "message"), exception["innerException"]["exceptionType"]]
    assert_includes exception["stackTrace"], "request_test.rb"
  end

  def test_a_fault_goes_to_the_fault_address_and_names_positional_arguments
    MT.fail(request(fault: "/faults", args: %w[number by]).merge("args" => [7, "Zoë"]), RuntimeError.new("no"))

    assert_equal({"number" => 7, "by" => "Zoë"}, queue("faults").first["args"].first["message"])
  end

  def test_only_a_request_is_answered
    assert MT.request?(request)
    refute MT.request?({"jid" => "a"})
    assert_includes assert_raises(ArgumentError) { MT.respond({"jid" => "a", "class" => "X"}, "Shop:A", {}) }.message, "is no request"
    assert_includes assert_raises(ArgumentError) { MT.respond(request("rabbitmq://host/q"), "Shop:A", {}) }.message, "is no address"
  end

  def test_the_death_of_a_request_is_told
    Sidekiq::MassTransit::Faults::DIED.call(request("/answers"), RuntimeError.new("no"))
    Sidekiq::MassTransit::Faults::DIED.call({"jid" => "a"}, RuntimeError.new("no"))

    assert_equal 1, queue("answers").size
  end
end
