# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # What is published of one message type, and who gets it: the fields of mt:topic:<entity>.
    class Topic
      def initialize(name)
        @type = MessageType.new(name)
      end

      def key
        "mt:topic:#{@type.name}"
      end

      # @return [Integer] how many subscriptions got a copy
      def publish(connection, message, **options)
        Outgoing.new(@type, message, types: types(connection), **options).publish(connection, [@type.name])
      end

      private

      # Its own and those that it implements, as a .NET publisher declared them: who consumes an interface asks for its name.
      def types(connection)
        parents = connection.call("SMEMBERS", connection.key("mt:implements:#{@type.name}"))
        [@type.urn, *parents.map { |parent| "#{MessageType::URN}#{parent}" }.sort]
      end
    end
  end
end
