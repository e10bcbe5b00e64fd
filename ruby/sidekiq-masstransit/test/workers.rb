# frozen_string_literal: true

# The jobs of the Sidekiq process that ServerTest starts. Each leaves its trace in the list "ran".
require "sidekiq-masstransit"

# A test flushes Redis, and need not wait as long as others may.
Sidekiq::MassTransit.instance_variable_set(:@subscriptions, Sidekiq::MassTransit::Subscriptions.new(0.2))

module Trace
  def leave(*what)
    Sidekiq.redis { |client| client.call("RPUSH", "ran", Sidekiq.dump_json(what)) }
  end
end

class Listener
  include Sidekiq::Worker
  include Trace
  sidekiq_options queue: "heard"

  def perform(message)
    leave("heard", message, Sidekiq::MassTransit.current_job["mt"]["corr"])
  end
end

class Answering
  include Sidekiq::Worker

  def perform(question)
    Sidekiq::MassTransit.respond(Sidekiq::MassTransit.current_job, "Shop:Answer", {text: question.upcase})
  end
end

class Failing
  include Sidekiq::Worker
  sidekiq_options retry: 0

  def perform(*)
    raise ArgumentError, "as asked"
  end
end

class Locked
  include Sidekiq::Worker
  include Trace
  sidekiq_options unique_for: 600

  def perform(*)
    leave("locked", Locked.perform_async(1))
  end
end

class Limited
  include Sidekiq::Worker
  include Trace

  def perform(number)
    leave("limited", number)
    # Without a blocking read, which ends with the connection's timeout.
    sleep 0.01 until Sidekiq.redis { |client| client.call("LPOP", "go") }
  end
end

Sidekiq::MassTransit.limit "one", on: Limited, concurrent: 1
Sidekiq::MassTransit.configure
Sidekiq::MassTransit.subscribe "Shop:Order", with: Listener
