# frozen_string_literal: true

require "time"

module Sidekiq
  module MassTransit
    # A job that a .NET client waits for an answer to.
    class Request
      def initialize(job)
        @job = job
        @mt = Metadata.of(job)
      end

      # @return [Boolean] whether somebody waits
      def waits?
        @mt.key?("req") && @mt.key?("res")
      end

      def respond(type, message)
        answer(@mt["res"], Outgoing.new(type, message, **context))
      end

      # Tells the client that there will be no response: its GetResponse throws a RequestFaultException.
      def fail(error)
        fault = (MessageType.of(@job) || MessageType.new("Object")).fault
        types = [fault.urn, "#{MessageType::URN}MassTransit:Fault"]
        answer(@mt["fault"] || @mt["res"], Outgoing.new(fault, body(error), types: types, **context))
      end

      private

      def answer(address, outgoing)
        unless address
          raise ArgumentError, "Job #{@job["jid"].inspect} of #{@job["class"]} is no request: its mt names no address to answer to."
        end

        Connection.open { |connection| Address.new(address).deliver(connection, outgoing) }
      end

      def context
        {cause: @job, req: @mt["req"]}
      end

      def body(error)
        host = Metadata.host
        {
          "faultId" => SecureRandom.uuid,
          "faultedMessageId" => @mt["id"],
          "timestamp" => Time.now.utc.iso8601(6),
          "exceptions" => [exception(error)],
          "host" => {"machineName" => host["name"], "processName" => host["app"], "processId" => host["pid"]},
          "faultMessageTypes" => @mt["type"],
          "message" => message
        }
      end

      def exception(error)
        {
          "exceptionType" => error.class.name,
          "message" => error.message,
          "stackTrace" => error.backtrace&.join("\n"),
          "innerException" => error.cause && exception(error.cause)
        }.compact
      end

      # Positional arguments have their names in mt.
      def message
        names = @mt["args"]
        names.is_a?(Array) ? names.zip(@job["args"]).to_h : @job["args"].first
      end
    end
  end
end
