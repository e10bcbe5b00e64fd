# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Tells the batch that a job of .NET belongs to what came of it. The last one brings the batch's callbacks, in the same step.
    class Batch
      DEFAULT_RETRIES = 25
      DIED = ->(job, _error) { report(job, "death") }

      # @param outcome [String] success, dropped, failure or death
      def self.report(job, outcome)
        bid = job["mt_batch"]
        return unless bid

        Connection.open do |connection|
          connection.run(Script::REPORT, keys: ["mt:batch:#{bid}"], args: [job["jid"], outcome, Time.now.to_f.to_s])
        end
      end

      def call(_worker, job, _queue)
        result = attempt(job) { yield }
        Batch.report(job, "success")
        result
      end

      private

      def attempt(job)
        yield
      rescue => e
        Batch.report(job, "failure") if failed?(e) && retried?(job)
        raise
      end

      # What Sidekiq handles itself, such as a job that is interrupted and pushed again, has not failed.
      def failed?(error)
        !(defined?(Sidekiq::JobRetry::Handled) && error.is_a?(Sidekiq::JobRetry::Handled))
      end

      # The last failure is told as a death.
      def retried?(job)
        most = job.fetch("retry", true)
        most = most ? DEFAULT_RETRIES : 0 unless most.is_a?(Integer)
        (job["retry_count"] || -1) + 1 < most
      end
    end
  end
end
