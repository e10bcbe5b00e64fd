require "sidekiq-masstransit"
require_relative "invoice_worker"

Sidekiq::MassTransit.configure
