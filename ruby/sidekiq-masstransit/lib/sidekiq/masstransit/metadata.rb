# frozen_string_literal: true

require "securerandom"
require "socket"

module Sidekiq
  module MassTransit
    # What MassTransit needs of a message besides its body: the "mt" of a job. docs/sidekiq-contract.md has its parts.
    module Metadata
      module_function

      # @return [Hash] empty for a job that has none
      def of(job)
        mt = job.is_a?(Hash) ? job["mt"] : nil
        mt.is_a?(Hash) ? mt : {}
      end

      # Of a message that is sent now. What is sent while a job runs belongs to the job's conversation.
      def of_new(id:, types:, cause: nil, **parts)
        from = of(cause)
        {
          "id" => id,
          "type" => types,
          "conv" => from["conv"] || SecureRandom.uuid,
          "init" => from["corr"],
          "host" => host,
          **parts.transform_keys(&:to_s)
        }.reject { |_, value| value.nil? || value == {} }
      end

      # The sender. A forked process has another pid.
      def host
        return @host if @host && @host["pid"] == ::Process.pid

        @host = {"name" => Socket.gethostname, "pid" => ::Process.pid, "app" => File.basename($PROGRAM_NAME)}.freeze
      end
    end
  end
end
