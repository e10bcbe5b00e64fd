# frozen_string_literal: true

module Sidekiq
  module MassTransit
    # A message type by its name, which is that of its topic: "Shop:OrderSubmitted" for Shop.OrderSubmitted.
    class MessageType
      URN = "urn:message:"

      # Of a job that .NET has sent; nil for one that says none.
      def self.of(job)
        type = Metadata.of(job)["type"]
        new(type.first.to_s.delete_prefix(URN)) if type.is_a?(Array) && type.any?
      end

      attr_reader :name

      # @raise [ArgumentError] it is empty, or a Ruby constant
      def initialize(name)
        @name = name.to_s
        return unless @name.empty? || @name.include?("::")

        raise ArgumentError, "#{name.inspect} is no message type. Write .NET's namespace, a colon and its name, as in \"Shop:OrderSubmitted\"."
      end

      def urn
        "#{URN}#{name}"
      end

      # The Ruby constant of the .NET type: Shop::OrderSubmitted. Of a generic type the arguments are parts of the name.
      def job_class
        depth = 0
        name.gsub("[]", "Array").scan(/\[\[|\]\]|\],\[|[.:+]|[^.:+\[\],]+/).map { |token|
          case token
          when "[[" then (depth += 1) && "_"
          when "]]" then (depth -= 1) && ""
          when "],[" then "_"
          when ".", ":", "+" then depth.zero? ? "::" : "_"
          else constant(token)
          end
        }.join
      end

      def fault
        MessageType.new("MassTransit:Fault[[#{name}]]")
      end

      private

      def constant(part)
        legal = part.gsub(/[^\p{L}\p{N}_]/, "").sub(/\A_+/, "")
        legal = "T#{legal}" unless legal.match?(/\A\p{L}/)
        legal[0].upcase + legal[1..]
      end
    end
  end
end
