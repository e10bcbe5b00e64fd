# frozen_string_literal: true

module Sidekiq
  module MassTransit
    VERSION = "0.1.0"
  end
end
