# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # The job that runs in this thread, for a worker, which Sidekiq gives the arguments alone.
    class CurrentJob
      KEY = :sidekiq_masstransit_job

      def self.get
        Thread.current[KEY]
      end

      def call(_worker, job, _queue)
        before = Thread.current[KEY]
        Thread.current[KEY] = job
        yield
      ensure
        Thread.current[KEY] = before
      end
    end
  end
end
