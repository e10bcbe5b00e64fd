# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Drops a job whose time was over before it started, as Sidekiq Pro and .NET do.
    class Expiry
      # @return [Float, nil] when the job ends unless it has started, in seconds since 1970
      def self.of(job)
        ends = seconds(Metadata.of(job)["exp"])
        return ends if ends

        life = seconds(job["expires_in"])
        return unless life&.positive?

        began = began(job, life)
        began && began + life
      end

      def self.expired?(job)
        ends = of(job)
        !ends.nil? && ends < Time.now.to_f
      end

      # From when it was pushed. A retry is pushed again, so its life counts from its creation, unless it was scheduled then.
      def self.began(job, life)
        created, failed = time(job["created_at"]), time(job["failed_at"])
        return time(job["enqueued_at"]) || created unless failed

        created.nil? || failed - created > life ? failed : created
      end

      # Sidekiq 8 writes milliseconds.
      def self.time(value)
        number = seconds(value)
        number && number > 100_000_000_000 ? number / 1000 : number
      end

      def self.seconds(value)
        Float(value)
      rescue ArgumentError, TypeError
        nil
      end

      private_class_method :began, :time, :seconds

      def call(_worker, job, queue)
        return yield unless Expiry.expired?(job)

        Batch.report(job, "dropped")
        Sidekiq.logger.info("Dropped job #{job["jid"]} of queue #{queue}: it expired at #{Time.at(Expiry.of(job)).utc}")
      end
    end
  end
end
