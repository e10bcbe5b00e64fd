# frozen_string_literal: true

require "securerandom"

module Sidekiq
  module MassTransit
    # Server middleware: a job starts when all its limits have room. It is outside of all that tells of a job's end: a job that is
    # put off has neither started nor ended.
    class LimitGate
      def initialize(limits, slots)
        @limits, @slots = limits, slots
      end

      def call(_worker, job, queue, &run)
        limits = @limits.of(job)
        uses = limits.empty? || Expiry.expired?(job) ? [] : limits.map { |limit| limit.use(job) }.compact
        return yield if uses.empty?

        # An attempt, since a job that runs twice takes two slots.
        holder = "#{Metadata.host["name"]}:#{::Process.pid}:#{SecureRandom.hex(6)}"
        due, found = ask(job, queue, uses, holder)
        return @slots.hold(found, holder, &run) unless due

        deny(job, queue, due, found)
      end

      private

      def ask(job, queue, uses, holder)
        slack = uses.map { |use| use.limit.slack }.min
        loop do
          asked = now
          due, wait, found = @limits.take(job, queue, uses, holder)
          return [due, found] if due || in_time?(asked + wait, slack)

          @limits.free(found, holder, 0)
        end
      end

      # Waits for the moment at which the job may start.
      def in_time?(start, slack)
        early = start - now
        sleep early if early.positive?
        now - start <= slack
      end

      def now
        ::Process.clock_gettime(::Process::CLOCK_MONOTONIC)
      end

      def deny(job, queue, due, uses)
        denials = @limits.denials(job)
        raise LimitError.new(uses, denials + 1) if denials >= uses.map { |use| use.limit.reschedules }.min

        due = @limits.put_off(job, queue, due, uses)
        Sidekiq.logger.info("Job #{job["jid"]} waits until #{Time.at(due / 1_000_000.0).utc} for #{uses.join(", ")}")
      end
    end
  end
end
