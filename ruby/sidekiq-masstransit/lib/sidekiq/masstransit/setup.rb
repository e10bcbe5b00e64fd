# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Puts the features into Sidekiq's configuration.
    class Setup
      @lock = Mutex.new

      # Hooks the limits into a server, once: without one, its jobs do not ask.
      def self.limit(limits)
        @lock.synchronize do
          return if @gate

          @gate = [LimitGate, limits, LimitSlots.new(limits)]
          Sidekiq.configure_server do |config|
            config.on(:startup) { limits.declare }
            config.server_middleware { |chain| prepend_gate(chain) }
          end
        end
      end

      # Outside of the others, whatever comes first.
      def self.prepend_gate(chain)
        chain.prepend(*@gate) if @gate
      end

      # Hooks the subscriptions into the life of a server, once.
      def self.keep(subscriptions)
        @lock.synchronize do
          return if @kept

          @kept = true
          Sidekiq.configure_server do |config|
            config.on(:startup) { subscriptions.start }
            config.on(:shutdown) { subscriptions.stop }
          end
        end
      end

      def initialize(ledger:, batches:, unique:, expiry:, faults:)
        # The first is the outermost: a job has ended when all other middleware is through, and what expires has ended too. The ledger
        # is told last, since it pushes again what it has not heard of.
        @server = [CurrentJob, (Ledger if ledger), (Batch if batches), (UniqueEnd if unique), (Expiry if expiry && !pro?)].compact
        @client = [(UniquePush if unique && !enterprise?)].compact
        @deaths = [(Batch::DIED if batches), (UniqueEnd::DIED if unique), (Faults::DIED if faults), (Ledger::DIED if ledger)].compact
      end

      def install
        Sidekiq.configure_client { |config| install_client(config) }
        Sidekiq.configure_server do |config|
          install_client(config)
          config.server_middleware do |chain|
            @server.reverse_each { |middleware| chain.prepend(middleware) }
            Setup.prepend_gate(chain)
          end
          config.death_handlers.concat(@deaths - config.death_handlers)
        end
        nil
      end

      private

      def install_client(config)
        config.client_middleware { |chain| @client.each { |middleware| chain.add(middleware) } }
      end

      def pro?
        defined?(Sidekiq::Pro)
      end

      def enterprise?
        defined?(Sidekiq::Enterprise)
      end
    end
  end
end
