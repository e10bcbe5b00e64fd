# Tells an outbox that keeps its jobs until they are completed (KeepUntilCompleted in .NET) what became of those that
# Ruby works on. Jobs that no ledger waits for cost nothing. Require it in the worker's file; nothing else is to be done.
require "sidekiq"

module OutboxLedger
  def self.note(job, end_of_it = "")
    mt = job["mt"]
    return unless mt.is_a?(Hash) && mt["ledger"]

    Sidekiq.redis { |redis| redis.zadd("mt:completed:#{mt["ledger"]}", Time.now.to_f, "#{job["jid"]}#{end_of_it}") }
  end

  class Completed
    def call(_worker, job, _queue)
      result = yield
      OutboxLedger.note(job)
      result
    end
  end
end

Sidekiq.configure_server do |config|
  # Outermost: a job is completed when all other middleware is through.
  config.server_middleware { |chain| chain.prepend(OutboxLedger::Completed) }
  config.death_handlers << ->(job, _error) { OutboxLedger.note(job, ":dead") }
end
