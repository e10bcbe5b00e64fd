# frozen_string_literal: true

require "digest/sha1"

module Sidekiq
  module MassTransit
    # A step that .NET and Ruby share, word for word: a test compares the files. Each opens with its contract.
    class Script
      attr_reader :text, :sha

      # Each part replaces the line that names its file.
      def initialize(name, *parts)
        @text = parts.reduce(read(name)) { |text, part| text.sub("-- #{part}.lua\n") { read(part) } }.freeze
        @sha = Digest::SHA1.hexdigest(@text).freeze
      end

      private

      def read(name)
        File.read(File.join(__dir__, "scripts", "#{name}.lua"), encoding: Encoding::UTF_8)
      end

      CANCEL = new("cancel")
      DECLARE_LIMITS = new("declare_limits")
      FREE_LIMITS = new("free_limits")
      KEEP_LIMITS = new("keep_limits")
      NOTE = new("note")
      PUBLISH = new("publish", "each_subscription")
      PUSH_TEMPORARY = new("push_temporary")
      PUT_OFF = new("put_off")
      RELEASE_LOCK = new("release_lock")
      REPORT = new("report", "batch")
      SUBSCRIBE = new("subscribe")
      TAKE_LIMITS = new("take_limits", "limit_kinds", "limit_lines")
    end
  end
end
