# Workers with the gem. Each leaves its trace in Redis, so that a test sees what Ruby saw.
require "json"
require "sidekiq-masstransit"

Sidekiq::MassTransit.configure

module Shop
  # Subscribed to what .NET publishes, and publishes in turn.
  class Bookkeeper
    include Sidekiq::Worker
    sidekiq_options queue: "books"

    def perform(order)
      Sidekiq::MassTransit.publish "Shop:OrderPaid", {orderId: order["number"], by: "the book"}
    end
  end

  class AcceptPayment
    include Sidekiq::Worker

    def perform(payment)
      request = Sidekiq::MassTransit.current_job
      case payment["amount"]
      when 0 then Sidekiq::MassTransit.fail(request, ArgumentError.new("There is nothing to pay"))
      when 1 then Sidekiq::MassTransit.respond(request, "Shop:PaymentAccepted", {number: payment["number"], by: "Zoë"})
      else raise RangeError, "Too much"
      end
    end
  end

  class SyncOrder
    include Sidekiq::Worker

    def perform(*args)
      Sidekiq.redis { |redis| redis.rpush("ran", JSON.generate([self.class.name, jid, args])) }
    end
  end
end

Sidekiq::MassTransit.limit "sync", on: Shop::SyncOrder, concurrent: 1, by: ->(order) { "same" if order["number"] == 99 }
Sidekiq::MassTransit.subscribe "Shop:OrderSubmitted", with: Shop::Bookkeeper
