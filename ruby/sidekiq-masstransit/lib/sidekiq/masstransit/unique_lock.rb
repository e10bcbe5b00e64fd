# frozen_string_literal: true

require "digest/sha2"

module Sidekiq
  module MassTransit
    # The lock of a unique job: sidekiq:unique:<queue>:<class>:<digest> holds the jid. Queue, class and arguments make jobs equal.
    class UniqueLock
      # @return [UniqueLock, nil] nil for a job that is not unique
      def self.of(job, queue)
        life = Float(job["unique_for"] || 0)
        new(job, queue, life) if life.positive?
      rescue ArgumentError, TypeError
        nil
      end

      # As compact JSON with sorted keys. An ActiveJob's ids are different each time: its class and arguments count.
      def self.digest(args, wrapped = nil)
        inner = args.first
        args = [wrapped.to_s, inner.fetch("arguments", inner)] if wrapped && inner.is_a?(Hash)
        Digest::SHA256.hexdigest(JSON.generate(sorted(JSON.parse(JSON.generate(args)))))
      end

      def self.sorted(value)
        case value
        when Hash then value.sort.to_h.transform_values { |item| sorted(item) }
        when Array then value.map { |item| sorted(item) }
        else value
        end
      end

      private_class_method :sorted

      attr_reader :digest

      def initialize(job, queue, life)
        @job, @life = job, life
        @digest = job["unique_digest"] || UniqueLock.digest(job["args"], job["wrapped"])
        @queue = job["unique_queue"] || queue || "default"
      end

      # @return [Boolean] false when another job holds it
      def take(pool)
        Connection.open(pool) do |connection|
          key = connection.key(name)
          taken = connection.call("SET", key, @job["jid"], "NX", "PX", milliseconds)
          taken || connection.call("GET", key) == @job["jid"] ? true : false
        end
      end

      # Unless another job holds it by now.
      def release
        Connection.open { |connection| connection.run(Script::RELEASE_LOCK, keys: [name], args: [@job["jid"]]) }
      end

      # `success` if absent.
      def until?(moment)
        (@job["unique_until"] || "success").to_s == moment
      end

      def name
        "sidekiq:unique:#{@queue}:#{@job["class"]}:#{@digest}"
      end

      # In milliseconds.
      def life
        (@life * 1000).ceil
      end

      private

      # Counted from when the job is due.
      def milliseconds
        wait = [(@job["at"] || 0).to_f - Time.now.to_f, 0].max
        (wait * 1000).ceil + life
      end
    end
  end
end
