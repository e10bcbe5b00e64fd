# frozen_string_literal: true

require_relative "test_helper"

class PublishTest < RedisTest
  ID = "0f8fad5b-d9cb-469f-a165-70867728950e"

  def test_each_subscription_gets_a_copy_with_its_class_or_the_messages_own
    subscribe "Shop.Orders:OrderPaid", "orders"
    subscribe "Shop.Orders:OrderPaid", "mail|Mailer", "Mailer"

    assert_equal 2, MT.publish("Shop.Orders:OrderPaid", {orderId: 42, by: "Zoë"})

    own, mail = queue("orders").first, queue("mail").first
    assert_equal ["Shop::Orders::OrderPaid", "Mailer"], [own["class"], mail["class"]]
    assert_equal [[{"orderId" => 42, "by" => "Zoë"}], true, "orders"], own.values_at("args", "retry", "queue")
    assert_equal %w[mail orders], call("SMEMBERS", "queues").sort
    assert_in_delta Time.now.to_f, own["enqueued_at"], 10
    assert_equal own["enqueued_at"], own["created_at"]
  end

  def test_copies_have_the_jids_that_net_would_give_them
    subscribe "Shop:Order", "orders"

    2.times { MT.publish "Shop:Order", {}, id: ID.upcase }

    assert_equal [Digest::SHA1.hexdigest("#{ID}|orders|Shop::Order")[0, 24]], queue("orders").map { |job| job["jid"] }.uniq
  end

  def test_a_copy_says_what_masstransit_has_to_know
    subscribe "Shop:Order", "orders"

    MT.publish "Shop:Order", {}, id: ID, correlation_id: ID, headers: {"tenant" => "acme"}

    mt = queue("orders").first["mt"]
    assert_equal [ID, ["urn:message:Shop:Order"], ID, {"tenant" => "acme"}], mt.values_at("id", "type", "corr", "headers")
    assert_match Sidekiq::MassTransit::Outgoing::ID, mt["conv"]
    assert_equal [Socket.gethostname, Process.pid], mt["host"].values_at("name", "pid")
  end

  def test_subscribers_of_a_base_type_get_it_too_and_its_name
    call("SADD", "mt:implements:Shop:OrderPaid", "Shop:IOrderEvent")
    subscribe "Shop:IOrderEvent", "audit"

    assert_equal 1, MT.publish("Shop:OrderPaid", {})

    assert_equal ["urn:message:Shop:OrderPaid", "urn:message:Shop:IOrderEvent"], queue("audit").first["mt"]["type"]
    assert_equal "Shop::OrderPaid", queue("audit").first["class"]
  end

  def test_nobody_listening_is_no_error
    assert_equal 0, MT.publish("Shop:OrderPaid", {})
    assert_equal [], call("KEYS", "*")
  end

  def test_a_publish_at_a_time_waits_in_the_scheduled_set
    subscribe "Shop:Order", "orders"
    at = Time.now + 60

    MT.publish_at at, "Shop:Order", {number: 1}
    MT.publish_in 120, "Shop:Order", {number: 2}

    first, second = Sidekiq::ScheduledSet.new.sort_by(&:score)
    assert_in_delta at.to_f, first.score, 0.001
    assert_in_delta Time.now.to_f + 120, second.score, 10
    assert_equal [{"number" => 2}], second.args
    refute second.item.key?("enqueued_at")
    assert_equal [], queue("orders")
  end

  def test_options_are_those_of_sidekiq
    subscribe "Shop:Order", "orders"

    MT.publish "Shop:Order", {}, retry: 3, tags: ["a"], dead: false, expires_in: 60

    job = queue("orders").first
    assert_equal [3, ["a"], false, 60], job.values_at("retry", "tags", "dead", "expires_in")
    assert_in_delta job["created_at"] + 60, job["mt"]["exp"], 0.001
  end

  def test_what_a_job_publishes_belongs_to_its_conversation
    subscribe "Shop:Order", "orders"
    job = {"jid" => "a", "traceparent" => "00-1", "mt" => {"conv" => ID, "corr" => ID}}

    Sidekiq::MassTransit::CurrentJob.new.call(nil, job, "q") { MT.publish "Shop:Order", {} }

    published = queue("orders").first
    assert_equal [ID, ID, "00-1"], [*published["mt"].values_at("conv", "init"), published["traceparent"]]
    assert_nil MT.current_job
  end

  def test_a_queue_that_refuses_it_leaves_no_copy
    subscribe "Shop:Order", "a"
    subscribe "Shop:Order", "b"
    call("SET", "queue:b", "no list")

    assert_raises(StandardError) { MT.publish "Shop:Order", {} }
    assert_equal [], queue("a")
  end

  def test_a_step_is_loaded_again_after_redis_has_forgotten_it
    subscribe "Shop:Order", "orders"

    2.times do
      call("SCRIPT", "FLUSH")
      MT.publish "Shop:Order", {}
    end

    assert_equal 2, queue("orders").size
  end

  def test_what_makes_no_sense_is_said
    {
      "no message type" => -> { MT.publish "Shop::Order", {} },
      "has to be a hash" => -> { MT.publish "Shop:Order", [1] },
      "is a UUID" => -> { MT.publish "Shop:Order", {}, id: "42" },
      "Unknown option \"queue\"" => -> { MT.publish "Shop:Order", {}, queue: "a" }
    }.each { |text, call| assert_includes assert_raises(ArgumentError, &call).message, text }
  end
end
