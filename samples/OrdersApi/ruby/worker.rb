# The Ruby half: sidekiq -C sidekiq.yml -r ./worker.rb
require "sidekiq"
require_relative "outbox_ledger"

# A class of the .NET side: naming it is enough to enqueue for it. Its queue is the endpoint that consumes it.
module OrdersApi
  class OrderInvoiced
    include Sidekiq::Worker
    sidekiq_options queue: "order-state"
  end
end

module Billing
  # .NET sends MakeInvoice with positional arguments.
  class InvoiceWorker
    include Sidekiq::Worker

    def perform(order_id, total, currency = "EUR")
      invoice = "INV-#{order_id[-8..].upcase}"
      logger.info "Invoice #{invoice} over #{format("%.2f", total)} #{currency} for order #{order_id}"
      OrdersApi::OrderInvoiced.perform_async("order_id" => order_id, "invoice" => invoice)
    end
  end
end

module Shipping
  # .NET sends SendShippingNotice as one hash.
  class NoticeWorker
    include Sidekiq::Worker

    def perform(notice)
      logger.info "Notice to #{notice["customer"]}: order #{notice["order_id"]} (#{notice["invoice"]}) is on its way"
    end
  end
end

module Reports
  # Subscribed below to what .NET publishes.
  class OrderWorker
    include Sidekiq::Worker

    def perform(order)
      logger.info "Report counts order #{order["order_id"]} of #{order["customer"]}"
    end
  end
end

Sidekiq.configure_server do |config|
  config.on(:startup) do
    # Each OrdersApi.OrderSubmitted that is published goes to the queue reports as a job of this class. Said once, it stays.
    Sidekiq.redis do |redis|
      redis.hset("mt:topic:OrdersApi:OrderSubmitted", "reports|Reports::OrderWorker", "Reports::OrderWorker")
    end
    Sidekiq.logger.info "Sidekiq #{Sidekiq::VERSION} subscribed to OrderSubmitted"
  end
end
