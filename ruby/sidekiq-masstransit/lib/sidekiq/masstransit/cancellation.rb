# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # The mark of a cancelled job, it-<jid>, which Sidekiq's iterable jobs and all running jobs of .NET obey.
    module Cancellation
      # As long as Sidekiq keeps it: a job that waits may begin much later.
      LIFE = 30 * 24 * 60 * 60

      module_function

      # @return [Time] when it was cancelled first
      def cancel(jid)
        mark = Connection.open { |connection| connection.run(Script::CANCEL, keys: [key(jid)], args: [Time.now.to_i, LIFE]) }
        Time.at(mark.to_i)
      end

      def cancelled?(jid)
        Connection.open { |connection| connection.call("HGET", connection.key(key(jid)), "cancelled") } ? true : false
      end

      def key(jid)
        raise ArgumentError, "A job is cancelled by its jid, and not by #{jid.inspect}." unless jid.is_a?(String) && !jid.empty?

        "it-#{jid}"
      end
    end
  end
end
