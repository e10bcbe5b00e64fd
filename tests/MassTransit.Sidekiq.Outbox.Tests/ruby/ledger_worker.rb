require_relative "outbox_ledger"
require_relative "invoice_worker"
