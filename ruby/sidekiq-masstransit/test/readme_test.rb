# frozen_string_literal: true

require_relative "test_helper"

# Every piece of Ruby in the README.
class ReadmeTest < RedisTest
  ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
  README = File.read(File.expand_path("../README.md", __dir__), encoding: "UTF-8")
  PIECES = README.split(/^## /).to_h { |part| [part.lines.first.strip, part.scan(/^```ruby\n(.*?)^```/m).flatten] }

  def test_every_piece_is_run_here
    assert_equal(
      {"# sidekiq-masstransit" => 1, "Subscribe" => 2, "Publish" => 1, "Answer a request" => 1, "Unique jobs" => 1, "Limits" => 1, "Cancel" => 1},
      PIECES.transform_values(&:size).reject { |_, count| count.zero? }
    )
  end

  def test_setting_up_twice_is_setting_up_once
    2.times { piece("# sidekiq-masstransit") }

    chain = nil
    Sidekiq.configure_client { |config| config.client_middleware { |entries| chain = entries } }
    assert_equal [MT::UniquePush], chain.map(&:klass)
  end

  def test_a_worker_subscribes
    piece("Subscribe")
    write, unsubscribe = PIECES["Subscribe"][1].lines

    eval(write)
    assert_equal 1, MT.publish("Shop:OrderSubmitted", {number: 7})
    assert_equal ["Billing::InvoiceWorker", [{"number" => 7}]], queue("billing").first.values_at("class", "args")
    perform(queue("billing").first)

    assert eval(unsubscribe)
    refute eval(unsubscribe)
    assert_equal 0, MT.publish("Shop:OrderSubmitted", {number: 7})
  end

  def test_a_message_is_published
    subscribe "Shop:OrderPaid", "orders"

    piece("Publish")

    assert_equal [{"orderId" => 42, "by" => "Zoë"}], queue("orders").first["args"]
    later = Sidekiq::ScheduledSet.new.first
    assert_equal [{"tenant" => "acme"}, ["late"]], [later["mt"]["headers"], later["tags"]]
  end

  def test_a_request_is_answered
    piece("Answer a request")
    request = {"class" => "Shop::AcceptPayment", "mt" => {"req" => ID, "res" => "/answers", "type" => ["urn:message:Shop:AcceptPayment"]}}

    perform(request.merge("args" => [{"number" => 7, "amount" => 1}]))
    perform(request.merge("args" => [{"number" => 8, "amount" => 0}]))

    fault, response = queue("answers")
    assert_equal ["Shop::PaymentAccepted", [{"number" => 7}]], response.values_at("class", "args")
    assert_equal "There is nothing to pay", fault["args"].first["exceptions"].first["message"]
  end

  def test_a_unique_job_keeps_equal_ones_out
    piece("Unique jobs")

    refute_nil Shop::SyncOrder.perform_async(7)
    assert_nil Shop::SyncOrder.perform_async(7)
    perform(queue("sync").first)
    refute_nil Shop::SyncOrder.perform_async(7)
  end

  def test_a_limit_is_one_of_its_worker
    piece("Limits")

    limits = MT.send(:limits).of("class" => "Shop::ChargeCard")
    uses = limits.map { |limit| limit.use("args" => [{"tenant" => "acme"}]) }
    assert_equal ["concurrent 5 0", "window 100 1000000"], limits.map(&:definition)
    assert_equal ["stripe", "stripe-tenant:acme"], uses.map(&:id)
  end

  def test_a_cancelled_job_stops_where_it_asks
    piece("Cancel")
    rows = Enumerator.new do |all|
      all << 1
      MT.cancel("c1")
      all << 2
      flunk "It went on"
    end

    perform({"class" => "Shop::Import", "jid" => "c1", "args" => [rows]})

    assert MT.cancelled?("c1")
  end

  def piece(section)
    eval(PIECES[section].first, TOPLEVEL_BINDING)
  end

  # As a server with all middleware does.
  def perform(job)
    worker = Object.const_get(job["class"]).new
    worker.jid = job["jid"]
    MT::CurrentJob.new.call(worker, job, job["queue"]) do
      MT::UniqueEnd.new.call(worker, job, job["queue"]) { worker.perform(*job["args"]) }
    end
  end
end
