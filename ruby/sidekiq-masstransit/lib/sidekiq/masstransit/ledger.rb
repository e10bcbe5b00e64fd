# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # Tells the outbox of .NET that keeps a job until it is completed what became of it. Other jobs cost nothing.
    class Ledger
      DIED = ->(job, _error) { note(job, ":dead") }

      def self.note(job, end_of_it = "")
        ledger = Metadata.of(job)["ledger"]
        return unless ledger

        Connection.open do |connection|
          connection.run(Script::NOTE, keys: ["mt:completed:#{ledger}"], args: ["#{job["jid"]}#{end_of_it}", Time.now.to_f.to_s])
        end
      end

      def call(_worker, job, _queue)
        result = yield
        Ledger.note(job)
        result
      end
    end
  end
end
