# frozen_string_literal: true

require "securerandom"

module Sidekiq
  module MassTransit
    # What the workers of this process want of what .NET publishes. Redis holds it; this writes it at the start of a server, and
    # again when Redis has lost its data.
    class Subscriptions
      # How long a flushed Redis goes without them at most, in seconds. Each look is one GET.
      PERIOD = 5

      def initialize(period = PERIOD)
        @period = period
        @wanted = {}
        @lock = Mutex.new
        @woken = ConditionVariable.new
      end

      # The queue is read when it is written: sidekiq_options may stand below.
      def add(topic, worker, queue)
        @lock.synchronize do
          @wanted[[topic.key, worker.to_s]] = [topic, worker, queue]
          @epoch = nil
          @woken.signal
        end
      end

      def remove(topic, worker, queue)
        @lock.synchronize { @wanted.delete([topic.key, worker.to_s]) }
        Connection.open { |connection| connection.call("HDEL", connection.key(topic.key), field(worker, queue)) }
      end

      # One step for each worker; a topic that is there already stays as it is.
      def write
        wanted = @lock.synchronize { @wanted.values }
        Connection.open do |connection|
          wanted.group_by { |_, worker, queue| [worker, queue] }.each do |(worker, queue), entries|
            keys = entries.map { |topic,| topic.key }
            connection.run(Script::SUBSCRIBE, keys: keys, args: [field(worker, queue), worker.to_s])
          end
        end
      end

      # Writes them and looks after them until #stop.
      def start
        renew
        @lock.synchronize { @running = true }
        @thread = Thread.new { keep }
        @thread.name = "subscriptions"
      end

      def stop
        @lock.synchronize do
          @running = false
          @woken.signal
        end
        @thread&.join
      end

      # Writes them if Redis is not the one that they were last written to. The epoch is read first: data that is lost in between
      # has another one at the next look.
      def renew
        epoch = Connection.open { |connection| epoch_of(connection) }
        return if epoch == @epoch

        # Before it is done: what is added meanwhile is written at the next look.
        @epoch = epoch
        write
      rescue
        @epoch = nil
        raise
      end

      private

      def keep
        until stopped?
          begin
            renew
            Sidekiq.logger.info("Subscriptions are looked after again") if @failed
            @failed = false
          rescue => e
            Sidekiq.logger.warn("Subscriptions are not looked after: #{e.class}: #{e.message}") unless @failed
            @failed = true
          end
        end
      end

      def stopped?
        @lock.synchronize do
          @woken.wait(@lock, @period) if @running
          !@running
        end
      end

      def epoch_of(connection)
        key = connection.key("mt:epoch")
        connection.call("GET", key) || begin
          connection.call("SET", key, SecureRandom.hex(16), "NX")
          connection.call("GET", key)
        end
      end

      def field(worker, queue)
        "#{queue || queue_of(worker)}|#{worker}"
      end

      def queue_of(worker)
        return worker.get_sidekiq_options["queue"].to_s if worker.respond_to?(:get_sidekiq_options)

        raise ArgumentError, "#{worker} is no worker of Sidekiq, so its queue is unknown. Pass the queue as well: queue: \"name\"."
      end
    end
  end
end
