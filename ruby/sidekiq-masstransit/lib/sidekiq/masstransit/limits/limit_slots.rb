# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # The slots that running jobs hold, kept as long as they run: those of a killed process end with their time.
    class LimitSlots
      # Five times in a lease, in seconds.
      PERIOD = Limits::LEASE / 5000.0

      def initialize(limits, period = PERIOD)
        @limits, @period = limits, period
        @held = {}
        @lock = Mutex.new
      end

      # Holds them while the block runs.
      def hold(uses, holder)
        return yield if uses.empty?

        slots = uses.map { |use| [use, holder] }
        began = ::Process.clock_gettime(::Process::CLOCK_MONOTONIC)
        @lock.synchronize { slots.each { |slot| @held[slot] = true } }
        start
        begin
          yield
        ensure
          @lock.synchronize { slots.each { |slot| @held.delete(slot) } }
          free(uses, holder, ::Process.clock_gettime(::Process::CLOCK_MONOTONIC) - began)
        end
      end

      private

      # The job has ended, whatever becomes of this.
      def free(uses, holder, seconds)
        @limits.free(uses, holder, seconds)
      rescue => e
        Sidekiq.logger.warn("Slots of #{uses.join(", ")} end with their time: #{e.class}: #{e.message}")
      end

      # A forked process has no threads but one.
      def start
        @lock.synchronize { @keeper = Thread.new { keep } unless @keeper&.alive? }
      end

      def keep
        loop do
          sleep @period
          # Within the lock: one that is freed meanwhile would be held again.
          @lock.synchronize { @held.keys.each_slice(500) { |slots| @limits.keep(slots) } }
          @failed = false
        rescue => e
          Sidekiq.logger.warn("Slots of limits are not kept: #{e.class}: #{e.message}") unless @failed
          @failed = true
        end
      end
    end
  end
end
