# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # The limits of the workers of this process, and the steps that ask them. Redis counts, by its own clock.
    class Limits
      # A definition is forgotten that no process has declared for so long, in seconds.
      LIFE = 30 * 24 * 60 * 60
      # How long a slot is held that nobody keeps, in milliseconds: .NET's default for its leases.
      LEASE = 15_000

      def initialize
        @of = Hash.new { |all, worker| all[worker] = [] }
      end

      def add(worker, limit)
        @of[worker.to_s] |= [limit]
      end

      def of(job)
        @of.fetch(job["class"].to_s, [])
      end

      # At the start of a server: they apply to all processes from now on.
      def declare
        named = @of.values.flatten.to_h { |limit| [limit.name, limit.definition] }
        return if named.empty?

        changed = Connection.open { |redis| redis.run(Script::DECLARE_LIMITS, keys: ["mt:limits"], args: [LIFE, *named.to_a.flatten]) }
        changed.each_slice(2) do |name, before|
          Sidekiq.logger.warn("Limit '#{name}' is '#{named[name]}' now, and was '#{before}'. Give it one definition everywhere.")
        end
      end

      # @return [Array] nil, after how many seconds the job may start, and the uses of which the holder has a slot now; or when to ask
      #   again, in microseconds since 1970, nil, and the uses that have no room
      def take(job, queue, uses, holder)
        keys = uses.flat_map { |use| [*state(use, "limit", "limit-line", "limit-waiting"), "mt:limit-keys:#{use.limit.name}"] }
        args = [uses.size, LEASE, LIFE, *uses.flat_map { |use| [use.limit.name, use.key, use.limit.definition] }]
        args += [holder, waiter(job, queue), denials(job), uses.size, *uses.each_index]
        due, *rest = Connection.open { |redis| redis.run(Script::TAKE_LIMITS, keys: ["mt:limits", *keys], args: args) }.first
        wait = rest.shift / 1_000_000.0 if due.zero?
        [(due unless due.zero?), wait, rest.map { |position| uses[position] }]
      end

      # A job that has been denied waits in the scheduled set, without an attempt.
      def put_off(job, queue, due, uses)
        lock = UniqueLock.of(job, queue)
        later = job.merge("queue" => queue, "mt" => Metadata.of(job).merge("limited" => denials(job) + 1))
        Connection.open do |redis|
          redis.run(
            Script::PUT_OFF,
            keys: ["", "schedule", "mt:limits", lock ? lock.name : "", *uses.flat_map { |use| state(use, "limit", "limit-waiting") }],
            args: ["", Sidekiq.dump_json(later), due, waiter(job, queue), job["jid"].to_s, lock ? lock.life : 0, *uses.map { |use| use.limit.name }]
          )
        end
      end

      # Frees the slots of a job that has ended; the jobs that have waited for them longest start.
      def free(uses, holder, seconds)
        keys = uses.flat_map { |use| state(use, "limit", "limit-line", "limit-waiting") }
        Connection.open do |redis|
          args = uses.flat_map { |use| [use.limit.name, holder, (seconds * 1000).round] }
          redis.run(Script::FREE_LIMITS, keys: ["mt:limits", "schedule", "queues", *keys], args: [redis.prefix, *args])
        end
      end

      # @param slots [Array<Array(Limit::Use, String)>] each with its holder
      def keep(slots)
        keys = slots.flat_map { |use, _| ["mt:limit:#{use.id}", "mt:limit-keys:#{use.limit.name}"] }
        args = slots.flat_map { |use, holder| [holder, use.key] }
        Connection.open { |redis| redis.run(Script::KEEP_LIMITS, keys: keys, args: [LEASE, *args]) }
      end

      def denials(job)
        Metadata.of(job)["limited"].to_i
      end

      private

      # A job that waits, by which the end of another one finds it in the scheduled set.
      def waiter(job, queue)
        "#{queue}\n#{job["jid"]}"
      end

      def state(use, *kinds)
        kinds.map { |kind| "mt:#{kind}:#{use.id}" }
      end
    end
  end
end
