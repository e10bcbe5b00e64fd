# frozen_string_literal: true

require "json"
require "sidekiq"
require_relative "masstransit/version"
require_relative "masstransit/script"
require_relative "masstransit/connection"
require_relative "masstransit/metadata"
require_relative "masstransit/message_type"
require_relative "masstransit/outgoing"
require_relative "masstransit/topic"
require_relative "masstransit/address"
require_relative "masstransit/request"
require_relative "masstransit/subscriptions"
require_relative "masstransit/cancellation"
require_relative "masstransit/current_job"
require_relative "masstransit/ledger"
require_relative "masstransit/batch"
require_relative "masstransit/expiry"
require_relative "masstransit/faults"
require_relative "masstransit/unique_lock"
require_relative "masstransit/unique_push"
require_relative "masstransit/unique_end"
require_relative "masstransit/limits/limit"
require_relative "masstransit/limits/limits"
require_relative "masstransit/limits/limit_slots"
require_relative "masstransit/limits/limit_gate"
require_relative "masstransit/setup"

module Sidekiq
  # What a Ruby application can do with .NET services on the same Redis, besides running their jobs and pushing jobs for them,
  # which needs none of this.
  module MassTransit
    class << self
      # Installs Sidekiq middleware for the jobs of .NET, in clients and servers. Call it once, where Sidekiq is configured; again, it
      # changes nothing. A job that does not use a feature pays nothing for it.
      #
      # @param ledger [Boolean] report jobs to the outbox that keeps them until they are completed
      # @param batches [Boolean] report jobs to the batch that they belong to
      # @param unique [Boolean] take and release the locks of jobs with `unique_for`; Sidekiq Enterprise has its own, and keeps it
      # @param expiry [Boolean] drop jobs with `expires_in` whose time is over; Sidekiq Pro does so itself
      # @param faults [Boolean] tell the client of a request when its job is dead
      # @return [void]
      def configure(ledger: true, batches: true, unique: true, expiry: true, faults: true)
        Setup.new(ledger: ledger, batches: batches, unique: unique, expiry: expiry, faults: faults).install
      end

      # Subscribes a worker to what is published of a message type. Written when the Sidekiq server starts, and again within seconds
      # when Redis has lost its data; in any other process it is written by {write_subscriptions}.
      #
      # @param topic [String] namespace, colon and name of the .NET type: "Shop:OrderPaid"
      # @param with [Class] the worker that runs each copy
      # @param queue [String, nil] where it gets it; the one of its sidekiq_options if nil
      # @return [void]
      # @raise [ArgumentError] the topic is no name of a message type
      def subscribe(topic, with:, queue: nil)
        subscriptions.add(Topic.new(topic), with, queue)
        Setup.keep(subscriptions)
      end

      # Ends a subscription, in Redis too. What has been published stays in the worker's queue.
      #
      # @param topic (see #subscribe)
      # @param with [Class] the worker
      # @param queue (see #subscribe)
      # @return [Boolean] whether there was one
      def unsubscribe(topic, with:, queue: nil)
        subscriptions.remove(Topic.new(topic), with, queue).positive?
      end

      # Writes the subscriptions of this process now: from a deploy task, say, in front of the first server.
      #
      # @return [void]
      def write_subscriptions
        subscriptions.write
        nil
      end

      # Limits how many jobs of a worker run at once, or start in a time, in all processes on this Redis that use the name, .NET's
      # included. A job that has no room waits in the scheduled set, without an attempt. Several limits apply together.
      #
      # @param name [String] of the limit: letters, digits, '-', '_' and '.'
      # @param on [Class] the worker
      # @param concurrent [Integer, nil] how many run at once
      # @param window [Integer, nil] how many start in each `per` seconds
      # @param bucket [Integer, nil] how many start in `per` seconds on average; as many at once after a pause
      # @param per [Numeric, nil] seconds, for a window or a bucket
      # @param by [Proc, nil] takes the job's arguments and returns the key that has a limit of its own; none for an empty key
      # @param reschedules [Integer] how often a job is put off before it fails
      # @return [void]
      # @raise [ArgumentError] the limit makes no sense
      def limit(name, on:, concurrent: nil, window: nil, bucket: nil, per: nil, by: nil, reschedules: 100)
        kinds = {"concurrent" => concurrent, "window" => window, "bucket" => bucket}.compact
        raise ArgumentError, "Limit #{name.inspect} has to be one of concurrent, window and bucket." unless kinds.size == 1

        limits.add(on, Limit.new(name, *kinds.first, per || 0, by: by, reschedules: reschedules))
        Setup.limit(limits)
        nil
      end

      # Publishes a message to all who have subscribed to its type, in .NET and Ruby: each gets a copy, or none does.
      #
      # @param topic [String] namespace, colon and name of the .NET type: "Shop:OrderSubmitted"
      # @param message [Hash] its properties, as .NET names them
      # @param id [String, nil] the message id, a UUID: published again with the same one, the copies have the same jids
      # @param correlation_id [String, nil] a UUID
      # @param headers [Hash, nil] strings, numbers and booleans
      # @param options [Hash] of its jobs: retry, retry_for, retry_queue, dead, backtrace, tags, expires_in
      # @return [Integer] how many subscriptions there were; none is no error
      # @raise [ArgumentError] topic, message, id or options make no sense
      def publish(topic, message, id: nil, correlation_id: nil, headers: nil, **options)
        send_to(topic, message, nil, id: id, correlation_id: correlation_id, headers: headers, options: options)
      end

      # Publishes at a time, to those who are subscribed now.
      #
      # @param time [Time, Numeric] when, or seconds since 1970
      # @param (see #publish)
      # @return (see #publish)
      # @raise (see #publish)
      def publish_at(time, topic, message, id: nil, correlation_id: nil, headers: nil, **options)
        send_to(topic, message, time.to_f, id: id, correlation_id: correlation_id, headers: headers, options: options)
      end

      # Publishes in a while, to those who are subscribed now.
      #
      # @param seconds [Numeric] how long
      # @param (see #publish)
      # @return (see #publish)
      # @raise (see #publish)
      def publish_in(seconds, topic, message, id: nil, correlation_id: nil, headers: nil, **options)
        due = Time.now.to_f + seconds.to_f
        send_to(topic, message, due, id: id, correlation_id: correlation_id, headers: headers, options: options)
      end

      # The job that runs in this thread, once {configure} was called; nil elsewhere.
      #
      # @return [Hash, nil]
      def current_job
        CurrentJob.get
      end

      # Whether a .NET client waits for an answer to a job.
      #
      # @param job [Hash]
      # @return [Boolean]
      def request?(job)
        Request.new(job).waits?
      end

      # Answers a request of .NET.
      #
      # @param job [Hash] the request, see {current_job}
      # @param type [String] the response's type: "Shop:PaymentAccepted"
      # @param message [Hash] its properties
      # @return [Boolean] false when the client no longer waits
      # @raise [ArgumentError] the job is no request, or type or message make no sense
      def respond(job, type, message)
        Request.new(job).respond(MessageType.new(type), message)
      end

      # Answers a request of .NET with an error: the client's GetResponse throws a RequestFaultException.
      #
      # @param job (see #respond)
      # @param error [Exception]
      # @return (see #respond)
      # @raise [ArgumentError] the job is no request
      def fail(job, error)
        Request.new(job).fail(error)
      end

      # Cancels a job by its jid: running in .NET it stops within two seconds, and so does an iterable job of Sidekiq 7.3 and later at its
      # next item. Any other worker has to ask {cancelled?}.
      #
      # @param jid [String]
      # @return [Time] when it was cancelled first
      # @raise [ArgumentError] the jid is none
      def cancel(jid)
        Cancellation.cancel(jid)
      end

      # Whether a job was cancelled, by Ruby, by .NET or on a dashboard. Costs one command.
      #
      # @param jid [String]
      # @return [Boolean]
      # @raise (see #cancel)
      def cancelled?(jid)
        Cancellation.cancelled?(jid)
      end

      private

      def subscriptions
        @subscriptions ||= Subscriptions.new
      end

      def limits
        @limits ||= Limits.new
      end

      def send_to(topic, message, due, correlation_id:, headers:, **rest)
        Connection.open do |connection|
          Topic.new(topic).publish(connection, message, due: due, cause: current_job, corr: correlation_id, headers: headers, **rest)
        end
      end
    end
  end
end
