# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Tells the client of a request that its job is dead, which would wait for its timeout otherwise.
    module Faults
      DIED = ->(job, error) { Request.new(job).then { |request| request.fail(error) if request.waits? } }
    end
  end
end
