# frozen_string_literal: true

require "digest/sha2"

module Sidekiq
  module MassTransit
    # A limit on the jobs of a worker, which all processes of all languages share by its name.
    class Limit
      # What a job needs of it: a key has a limit of its own; "" for none.
      Use = Struct.new(:limit, :key) do
        def id
          key.empty? ? limit.name : "#{limit.name}:#{key}"
        end

        def to_s
          key.empty? ? "'#{limit.name}'" : "'#{limit.name}' of '#{key}'"
        end
      end

      NAME = /\A[A-Za-z0-9_.-]{1,100}\z/.freeze
      MOST = {"concurrent" => 10_000, "window" => 10_000, "bucket" => 1_000_000_000}.freeze
      LONGEST_PERIOD = 366 * 24 * 60 * 60
      # Starts of a shorter window cannot be timed well enough.
      SHORTEST_PERIOD = {"window" => 1, "bucket" => 0.1}.freeze
      LONGEST_KEY = 200

      attr_reader :name, :reschedules

      # @raise [ArgumentError] what makes no sense
      def initialize(name, kind, most, period, by: nil, reschedules: 100)
        @name, @kind, @most, @period, @by, @reschedules = name.to_s, kind, most, period, by, reschedules
        fault = faults.first
        raise ArgumentError, "Limit #{name.inspect} #{fault}" if fault
      end

      # As the steps read it: "window 100 1000000", with the period in microseconds.
      def definition
        "#{@kind} #{@most} #{microseconds}"
      end

      # nil for a job that it does not count, since its key is empty.
      def use(job)
        return Use.new(self, "") unless @by

        key = @by.call(*job["args"]).to_s
        key = "sha256-#{Digest::SHA256.hexdigest(key)}" if key.bytesize > LONGEST_KEY
        Use.new(self, key) unless key.empty?
      end

      # A window counts a start for its time. A job that comes later than this, in seconds, asks again.
      def slack
        @kind == "window" ? [@period / 100.0, 0.4].min : Float::INFINITY
      end

      private

      def microseconds
        (@period * 1_000_000).round
      end

      def faults
        [
          ("has a name that is a part of Redis keys: use 1 to 100 letters, digits, '-', '_' or '.'." unless NAME.match?(@name)),
          ("lets #{@most.inspect} jobs start: 1 to #{MOST[@kind]}." unless @most.is_a?(Integer) && @most.between?(1, MOST[@kind])),
          *period_faults
        ].compact
      end

      def period_faults
        return [] if @kind == "concurrent"

        shortest = SHORTEST_PERIOD[@kind]
        [
          ("has a period of #{@period.inspect}: #{shortest} to #{LONGEST_PERIOD} seconds." unless @period&.between?(shortest, LONGEST_PERIOD)),
          ("lets #{@most} jobs start in #{@period} s: at most one in a microsecond." if @period && microseconds < @most)
        ]
      end
    end

    # A job failed since its limits had no room for it too often.
    class LimitError < StandardError
      def initialize(uses, denials)
        super("#{uses.join(", ")} had no room #{denials} times. Raise the limit, or the number of reschedules.")
      end
    end
  end
end
