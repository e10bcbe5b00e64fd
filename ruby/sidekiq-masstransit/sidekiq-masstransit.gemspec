# frozen_string_literal: true

require_relative "lib/sidekiq/masstransit/version"

Gem::Specification.new do |spec|
  spec.name = "sidekiq-masstransit"
  spec.version = Sidekiq::MassTransit::VERSION
  spec.authors = ["The MassTransit.Sidekiq authors"]
  spec.summary = "The Ruby side of MassTransit on Sidekiq: topics, requests, the outbox's ledger and unique jobs"
  spec.description = "Sidekiq workers subscribe to what .NET services publish with MassTransit.Sidekiq, publish to them, answer " \
    "their requests, and keep the locks and ledgers of their jobs. Nothing needs it to run .NET's jobs or to enqueue for .NET."
  spec.license = "MIT"
  spec.required_ruby_version = ">= 2.7"
  spec.files = Dir["lib/**/*.{rb,lua}"] + %w[LICENSE README.md CHANGELOG.md]
  spec.add_dependency "sidekiq", ">= 6.4"
end
