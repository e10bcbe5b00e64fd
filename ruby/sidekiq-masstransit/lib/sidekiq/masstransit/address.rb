# frozen_string_literal: true

require "uri"

module Sidekiq
  module MassTransit
    # Where .NET wants an answer: "/name?temporary=true" of this Redis, perhaps with sidekiq://host, or "queue:name", "topic:name".
    class Address
      # @raise [ArgumentError] another transport's
      def initialize(text)
        scheme, path, query = text.to_s.match(/\A(?:([a-z][a-z0-9+.-]*):)?([^?]*)\??(.*)\z/m).captures
        @flags = query.split("&")
        @flags << "type=topic" if scheme == "topic"
        name = %w[queue topic].include?(scheme) ? path : path[%r{[^/]*\z}]
        @name = URI.decode_www_form_component(name.gsub("+", "%2B"))
        return if !@name.empty? && [nil, "sidekiq", "queue", "topic"].include?(scheme)

        raise ArgumentError, "#{text.inspect} is no address of a queue in this Redis. Answer from .NET, which knows the transport."
      end

      # @return [Boolean] false when nobody waits any more
      def deliver(connection, outgoing)
        return outgoing.push_temporary(connection, @name) == 1 if @flags.include?("temporary=true")
        return outgoing.publish(connection, [@name]).positive? if @flags.include?("type=topic")

        outgoing.push(connection, @name) == 1
      end
    end
  end
end
