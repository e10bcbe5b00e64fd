# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Client middleware: takes the lock of a job with unique_for, or stops the job while another one holds it. Sidekiq's client
    # returns nil then. Lock and job are two steps: a process that is killed in between leaves a lock that ends with its time, or
    # that .NET takes over.
    class UniquePush
      def call(_worker_class, job, queue, pool)
        return yield if skips?(job)

        lock = UniqueLock.of(job, queue)
        return yield unless lock

        # Before the lock, so that what cannot be a job leaves none.
        job["unique_digest"] = lock.digest
        job["unique_queue"] = queue if job["retry_queue"]
        yield if lock.take(pool)
      end

      private

      # A job with a digest has been pushed before, by Ruby or .NET: a poller or a button pushes it again.
      def skips?(job)
        !job["unique_for"] || job["unique_digest"] || (defined?(Sidekiq::Testing) && Sidekiq::Testing.enabled?)
      end
    end
  end
end
