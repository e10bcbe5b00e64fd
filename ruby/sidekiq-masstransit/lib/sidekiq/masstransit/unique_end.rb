# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Server middleware: releases the lock of a unique job when it starts or has succeeded, and when it is dead.
    class UniqueEnd
      DIED = ->(job, _error) { UniqueLock.of(job, job["queue"])&.then { |lock| lock.release unless lock.until?("expiry") } }

      def call(_worker, job, queue)
        lock = UniqueLock.of(job, queue) if job["unique_for"]
        return yield unless lock

        lock.release if lock.until?("start")
        result = yield
        lock.release if lock.until?("success")
        result
      end
    end
  end
end
