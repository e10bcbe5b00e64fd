# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # A connection of Sidekiq's: redis-rb's up to Sidekiq 6, redis-client's from 7 on. Both take a command by #call.
    class Connection
      # @param pool [ConnectionPool, nil] Sidekiq's own if nil
      def self.open(pool = nil)
        return pool.with { |client| yield new(client) } if pool

        Sidekiq.redis { |client| yield new(client) }
      end

      def initialize(client)
        @client = client
      end

      # What precedes every key: redis-namespace adds it to those of the commands that it knows, and a script has others.
      def prefix
        @prefix ||= namespaced? ? "#{@client.namespace}:" : ""
      end

      def key(name)
        "#{prefix}#{name}"
      end

      # A command as Redis knows it, with whole keys.
      def call(*command)
        (namespaced? ? @client.redis : @client).call(*command)
      end

      # One atomic step. The keys are names without the prefix; an empty one stays empty.
      def run(script, keys: [], args: [])
        input = [keys.size, *keys.map { |name| name.empty? ? name : key(name) }, *args]
        call("EVALSHA", script.sha, *input)
      rescue => e
        raise unless e.message.start_with?("NOSCRIPT")

        call("EVAL", script.text, *input)
      end

      private

      def namespaced?
        @client.respond_to?(:namespace) && @client.respond_to?(:redis)
      end
    end
  end
end
