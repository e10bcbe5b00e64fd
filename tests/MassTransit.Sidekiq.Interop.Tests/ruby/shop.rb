# The Ruby half of a shop whose other half is .NET: each class says in Redis what it was given.
require "json"
require "sidekiq"

class Recorder
  include Sidekiq::Worker

  def perform(*args)
    Sidekiq.redis { |redis| redis.rpush("ran", JSON.generate([self.class.name, jid, args])) }
  end
end

module Shop
  class OrderSubmitted < Recorder; end
  class Audit < Recorder; end

  class MakeInvoice < Recorder
    def perform(order_id, total, lines, note, currency = "USD")
      super
    end
  end

  # An ActiveJob as Rails would have it, without Rails.
  class Report
    def perform(year:, format:)
      Sidekiq.redis { |redis| redis.rpush("ran", JSON.generate(["Shop::Report", "", [{year: year, format: format}]])) }
    end
  end

  # Passed on to .NET by Forward, never run here.
  class Check
    include Sidekiq::Worker
  end
end

# Stands in for Rails' wrapper: same name, same reading of keyword arguments.
module ActiveJob
  module QueueAdapters
    class SidekiqAdapter
      class JobWrapper
        include Sidekiq::Worker

        def perform(job)
          arguments = job["arguments"]
          keywords = arguments.pop.then { |last| last.slice(*last.delete("_aj_ruby2_keywords")).transform_keys(&:to_sym) }
          Object.const_get(job["job_class"]).new.perform(*arguments, **keywords)
        end
      end
    end
  end
end

# Sends a job on to another class and queue. What it does not know stays in it.
class Forward
  def call(worker, job, _queue)
    return yield unless worker.is_a?(Shop::Check)

    Sidekiq::Client.push(job.merge("class" => "Shop::OrderPaid", "queue" => "paid"))
  end
end

Sidekiq.configure_server do |config|
  config.server_middleware { |chain| chain.add Forward }
  config.options[:poll_interval_average] = 1
end
