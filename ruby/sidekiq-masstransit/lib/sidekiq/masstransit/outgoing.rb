# frozen_string_literal: true

require "digest/sha1"

module Sidekiq
  module MassTransit
    # A message on its way to Redis. Who gets a copy is decided there, so queue, class and jid of its job are left open.
    class Outgoing
      OPTIONS = %w[retry retry_for retry_queue dead backtrace tags expires_in].freeze
      ID = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/.freeze

      attr_reader :id, :type

      # @param options [Hash] Sidekiq's options of the job
      # @raise [ArgumentError] the message is no hash, the id no UUID, or an option unknown
      def initialize(type, message, id: nil, types: [type.urn], due: nil, cause: nil, options: {}, **parts)
        raise ArgumentError, "The message is #{message.inspect}. It has to be a hash of the properties of #{type.name}." unless message.is_a?(Hash)
        raise ArgumentError, "The id of a message is a UUID, and not #{id.inspect}." unless id.nil? || ID.match?(id.to_s)

        @type, @message, @due, @cause = type, message, due, cause
        @id = id ? id.to_s.downcase : SecureRandom.uuid
        @now = Time.now.to_f
        @options = known(options)
        @mt = Metadata.of_new(id: @id, types: types, cause: cause, exp: expiry, **parts)
      end

      # To each subscription of the entities, in one step.
      def publish(connection, entities)
        connection.run(Script::PUBLISH, keys: %w[queues schedule], args: [*step(connection), 1, 0, 0, *entities]).first
      end

      # To one queue, in the same step.
      def push(connection, queue)
        connection.run(
          Script::PUBLISH,
          keys: %w[queues schedule],
          args: [*step(connection), 0, 0, 1, queue, type.job_class]
        ).first
      end

      # To a temporary queue, if that still exists: a response that nobody waits for is dropped.
      def push_temporary(connection, queue)
        before, between, after = parts
        jid = Digest::SHA1.hexdigest(id)[0, 24]
        job = "#{before}#{json(queue)}#{between}#{json(type.job_class)},\"jid\":\"#{jid}\"#{after}"
        connection.run(Script::PUSH_TEMPORARY, keys: ["mt:temporary:#{queue}", "queue:#{queue}"], args: [job, 60_000])
      end

      private

      def step(connection)
        [connection.prefix, id, type.job_class, *parts, @due.to_s, ""]
      end

      # The job before the queue, between queue and class, and after the jid.
      def parts
        ending = {"created_at" => @now, "traceparent" => trace, "mt" => @mt, "enqueued_at" => @due ? nil : @now}.compact
        [
          "{\"retry\":#{json(@options.fetch("retry", true))},\"queue\":",
          ",#{members(@options.reject { |key, _| key == "retry" }.merge("args" => [@message]))},\"class\":",
          ",#{members(ending)}}"
        ]
      end

      def members(hash)
        json(hash)[1..-2]
      end

      def json(value)
        Sidekiq.dump_json(value)
      end

      def trace
        @cause && @cause["traceparent"]
      end

      def expiry
        life = @options["expires_in"]
        life && (@due || @now) + life.to_f
      end

      def known(options)
        options = options.transform_keys(&:to_s)
        unknown = options.keys - OPTIONS
        return options if unknown.empty?

        raise ArgumentError, "Unknown option #{unknown.first.inspect} of a message. Known are #{OPTIONS.join(", ")}."
      end
    end
  end
end
