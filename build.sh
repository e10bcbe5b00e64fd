#!/usr/bin/env bash
# Everything one does with this repository; without a verb it lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

usage() {
  cat <<'EOF'
./build.sh demo [--keep]    a .NET service and a Ruby Sidekiq worker at work together; --keep leaves them running
./build.sh test [--fast]    build, then every test; --fast leaves out the tests with real Ruby, a browser or packages
./build.sh check            layout, analyzers, a build without warnings, conventions
./build.sh bench [--quick [--keep]] [--peers=rabbitmq,hangfire]  throughput and latency, against Ruby Sidekiq and MassTransit in memory, and
                            against these; --quick says what is slower than the kept result; bench bulk: a million at once;
                            bench network: a distant Redis; bench growth: how the figures grow, drawn
./build.sh compat           buses, connections and real Ruby on the oldest StackExchange.Redis, and one between
./build.sh chaos [--minutes N] [--seed S]  workers, relays, Redis and PostgreSQL killed, frozen, filled and cut off at work; N for each of two tests
./build.sh pictures         the pictures in docs/images: the dashboard, from the sample with real Ruby, and the tool
./build.sh pack [OPTION...] the NuGet packages, into artifacts/packages; options are those of dotnet pack, such as -p:Version=1.0.0
EOF
}

die() { printf '%s\n' "$*" >&2; exit 1; }

# have PROGRAM, or have ruby:LIBRARY
have() {
  case "$1" in
    ruby:*) ruby -e "require '${1#ruby:}'" >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

# need PROGRAM=PACKAGE ...: installs the Debian packages whose program is missing, or says how to.
need() {
  local missing=() pair
  command -v dotnet >/dev/null || die "The .NET 10 SDK is missing: 'dotnet' is not on the PATH."
  for pair in "$@"; do
    have "${pair%%=*}" || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    die "Missing: ${missing[*]}. Install with: sudo apt-get install --no-install-recommends ${missing[*]}"
  fi
  echo "Installing ${missing[*]}"
  install_packages "${missing[@]}"
}

# The packages of servers start them; ours run on ports of their own, so these are told to stay down while they are installed.
install_packages() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "$@" >/dev/null
)

build() { dotnet build MassTransit.Sidekiq.sln -c Release -v quiet -warnaserror "$@"; }

# run_tests PROJECT OPTION...: runs one test program and leaves its counters in artifacts/tests.
run_tests() {
  local name; name=$(basename "$1"); shift
  timeout "${LIMIT:-900}" dotnet exec "tests/$name/bin/Release/net10.0/$name.dll" -noLogo -noColor -result-trx "artifacts/tests/$name.trx" "$@"
}

# The tests of the gem, whose counters are left like those of a test program. One that ends early has no line of them.
run_gem_tests() {
  local gem=ruby/sidekiq-masstransit status=0
  timeout 300 ruby -I "$gem/lib" "$gem/test/all.rb" > artifacts/tests/gem.txt || status=$?
  cat artifacts/tests/gem.txt
  awk '/^[0-9]+ runs, / { printf "<Counters passed=\"%d\" failed=\"%d\" notExecuted=\"%d\"/>\n", $1 - $5 - $7 - $9, $5 + $7, $9 }' \
    artifacts/tests/gem.txt > artifacts/tests/sidekiq-masstransit.trx
  return $status
}

# counter NAME RESULT...: the sum of one counter over the results of test programs.
counter() {
  local name=$1; shift
  { grep -hoE "<Counters [^>]*" "$@" 2>/dev/null || true; } |
    { grep -oE " $name=\"[0-9]+" || true; } | awk -F'"' '{ sum += $2 } END { print sum + 0 }'
}

# failures RESULT...: the names of the tests that failed, and of the programs that failed without one. Named last, as a log that is
# cut off keeps its end.
failures() {
  local result
  for result in "$@"; do
    { grep -oE '<UnitTestResult [^>]*outcome="Failed"' "$result" || true; } |
      sed -E "s|.*testName=\"([^\"]*)\".*|Failed in $(basename "$result" .trx): \1|"
  done
  find artifacts/tests -name '*.broken' -printf 'Failed without a failed test: %f\n'
}

# part NAME COMMAND...: a program of tests that leaves NAME.trx. One that fails without a failed test (it crashed, it hung, its end
# went wrong) counts as one.
part() {
  local name=$1; shift
  echo "$name begins after $SECONDS s"
  "$@" || [ "$(counter failed "artifacts/tests/$name.trx")" -gt 0 ] || touch "artifacts/tests/$name.broken"
}

verb_demo() {
  case "${1:-}" in
    "" | --keep) ;;
    *) die "Unknown option '$1'. Usage: ./build.sh demo [--keep]" ;;
  esac
  need redis-server=redis-server sidekiq=ruby-sidekiq
  echo "Building; the first time takes a minute"
  dotnet build samples/Demo -c Release -v quiet -warnaserror -consoleLoggerParameters:NoSummary
  # In our place, so that Ctrl-C and SIGTERM reach the one who stops the others.
  exec dotnet exec samples/Demo/bin/Release/net10.0/Demo.dll "$@"
}

verb_test() {
  local project broken passed failed skipped
  case "${1:-}" in
    "" | --fast) ;;
    *) die "Unknown option '$1'. Usage: ./build.sh test [--fast]" ;;
  esac
  if [ "${1:-}" = --fast ]; then
    need redis-server=redis-server pg_ctlcluster=postgresql mariadbd=mariadb-server curl=curl
  else
    need redis-server=redis-server pg_ctlcluster=postgresql mariadbd=mariadb-server rabbitmqctl=rabbitmq-server sidekiq=ruby-sidekiq ruby:active_job=ruby-activejob ruby:action_mailer=ruby-actionmailer ruby:minitest=ruby-minitest ruby:redis-namespace=ruby-redis-namespace chromium=chromium curl=curl
    # Tests make migrations with dotnet ef.
    dotnet tool restore >/dev/null
  fi

  build
  rm -rf artifacts/tests && mkdir -p artifacts/tests
  for project in tests/*.Tests; do
    if [ "${1:-}" = --fast ] && [[ $project =~ (Interop|OrdersApi)\.Tests$ ]]; then continue; fi
    part "$(basename "$project")" run_tests "$project"
  done
  if [ "${1:-}" != --fast ]; then
    part embedded embedded_tests
    part sidekiq-masstransit run_gem_tests
  fi
  broken=$(find artifacts/tests -name '*.broken' | wc -l)
  passed=$(counter passed artifacts/tests/*.trx)
  failed=$(($(counter failed artifacts/tests/*.trx) + broken))
  skipped=$(counter notExecuted artifacts/tests/*.trx)
  failures artifacts/tests/*.trx
  [ $((passed + failed)) -gt 0 ] || echo "No test ran." >&2
  printf '%s passed, %s failed%s\n' "$passed" "$failed" "$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

verb_check() {
  local file
  need redis-server=redis-server ruby=ruby
  dotnet tool restore >/dev/null
  dotnet csharpier check .
  while read -r file; do
    [ "$(ruby -wc "$file" 2>&1)" = "Syntax OK" ] || die "$(ruby -wc "$file" 2>&1)"
  done < <(find ruby -name '*.rb')
  build
  rm -rf artifacts/tests && mkdir -p artifacts/tests
  run_tests tests/MassTransit.Sidekiq.Tests -namespace MassTransit.Sidekiq.Tests.Conventions
  [ "$(counter passed artifacts/tests/*.trx)" -gt 0 ] || die "No convention was checked."
}

verb_pictures() {
  need redis-server=redis-server sidekiq=ruby-sidekiq chromium=chromium
  dotnet build tests/OrdersApi.Tests -c Release -v quiet -warnaserror
  mkdir -p artifacts/tests docs/images
  run_tests tests/OrdersApi.Tests -method '*Dashboard_shows_what_Ruby_and_NET_did*'
  local name
  for name in overview retries job; do
    cp "artifacts/dashboard/sample-$name.png" "docs/images/dashboard-$name.png"
  done
  dotnet build tests/MassTransit.Sidekiq.Tests -c Release -v quiet -warnaserror
  run_tests tests/MassTransit.Sidekiq.Tests -class '*.ToolPictureTests'
  for name in doctor jobs; do
    cp "artifacts/tool/$name.svg" "docs/images/tool-$name.svg"
  done
}

verb_bench() {
  local servers=(redis-server=redis-server sidekiq=ruby-sidekiq pg_ctlcluster=postgresql)
  [[ " $* " != *" --peers="*rabbitmq* ]] || servers+=(rabbitmqctl=rabbitmq-server)
  need "${servers[@]}"
  dotnet build benchmarks -c Release -v quiet -warnaserror
  timeout 1200 dotnet exec benchmarks/bin/Release/net10.0/MassTransit.Sidekiq.Benchmarks.dll "$@"
}

# A seed repeats the order of the harms to workers and Redis, not the instants at which they meet the work.
verb_chaos() {
  local minutes=1 seed='' project
  while [ $# -gt 0 ]; do
    case "$1" in
      --minutes) minutes=${2:?--minutes needs a number} ;;
      --seed) seed=${2:?--seed needs a number} ;;
      *) die "Unknown option '$1'. Usage: ./build.sh chaos [--minutes N] [--seed S]" ;;
    esac
    shift 2
  done
  need redis-server=redis-server pg_ctlcluster=postgresql
  rm -rf artifacts/tests && mkdir -p artifacts/tests
  for project in MassTransit.Sidekiq.Interop.Tests MassTransit.Sidekiq.Outbox.Tests; do
    dotnet build "tests/$project" -c Release -v quiet -warnaserror
    SIDEKIQ_CHAOS_MINUTES=$minutes SIDEKIQ_CHAOS_SEED=$seed LIMIT=$((${minutes%.*} * 120 + 900)) \
      run_tests "tests/$project" -class '*.ChaosTests' -showLiveOutput
  done
}

# The tests of the transport on the embedded server, a process of its own. Left out are those of Redis's own specifics:
# Bus/Redis and Redis/Connections (failover, refusals, TLS, users), CLIENT KILL, and what takes minutes here: a search through a
# million keys (TopicsTests), a hundred thousand sends, nine thousand copies.
embedded_tests() {
  local file classes=() folder server port status=0
  for file in $(find tests/MassTransit.Sidekiq.Tests/{Bus,Diagnostics,Inspecting,Receiving,Redis/Stores,Sending,Server} \
    -name '*Tests.cs' -not -path '*/Bus/Redis/*' -not -name TopicsTests.cs | sort); do
    classes+=(-class "*.$(basename "$file" .cs)")
  done
  folder=$(mktemp -d)
  dotnet exec tests/EmbeddedHost/bin/Release/net10.0/EmbeddedHost.dll "$folder/data" 0 48 > "$folder/log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    grep -q 'Application started' "$folder/log" && break
    sleep 0.2
  done
  port=$(grep -oE '127\.0\.0\.1:[0-9]+' "$folder/log" | head -1 || cat "$folder/log")
  SIDEKIQ_TEST_REDIS=$port timeout 600 dotnet exec tests/MassTransit.Sidekiq.Tests/bin/Release/net10.0/MassTransit.Sidekiq.Tests.dll \
    -noLogo -noColor -result-trx artifacts/tests/embedded.trx "${classes[@]}" \
    -method- '*hundred_thousand_times*' -method- '*long_source*' -method- '*than_Lua_unpacks*' -method- '*Process_that_reconnects*' || status=$?
  kill "$server" && wait "$server" || true
  rm -rf "$folder"
  return $status
}

# What an application gets that has another StackExchange.Redis than ours: buses, connections and, on the lowest, real Ruby.
verb_compat() {
  local version run=(-class 'MassTransit.Sidekiq.Tests.Redis.*' -class '*.ConnectionLifeTests' -class '*.UserConnectionTests' -class '*.RequestTests')
  need redis-server=redis-server sidekiq=ruby-sidekiq
  rm -rf artifacts/tests && mkdir -p artifacts/tests
  for version in 2.13.17 2.13.23; do
    echo "Running on StackExchange.Redis $version"
    # What analyzers find is the business of check.
    dotnet build tests/MassTransit.Sidekiq.Interop.Tests -c Release -v quiet -warnaserror -p:Redis="$version" -p:RunAnalyzers=false
    dotnet build tests/MassTransit.Sidekiq.Tests -c Release -v quiet -warnaserror -p:Redis="$version" -p:RunAnalyzers=false
    run_tests tests/MassTransit.Sidekiq.Tests "${run[@]}"
    if [ "$version" = 2.13.17 ]; then
      run_tests tests/MassTransit.Sidekiq.Interop.Tests -class '*.ToRubyTests' -class '*.FromRubyTests'
    fi
    run=(-class '*.ConnectionLifeTests' -class '*.UserConnectionTests')
  done
  if [ -z "${CI:-}" ]; then
    echo "Building for the newest again"
    build -p:RunAnalyzers=false
  fi
}

verb_pack() {
  local project
  need
  rm -rf artifacts/packages
  for project in src/*/; do
    # As on CI: no path of this machine gets into the assemblies. What analyzers find is the business of check.
    dotnet pack "$project" -c Release -v quiet -o artifacts/packages \
      -p:ContinuousIntegrationBuild=true -p:RunAnalyzers=false "$@"
  done
  ls artifacts/packages
}

verb=${1:-}
[ $# -eq 0 ] || shift
case "$verb" in
  demo | test | check | bench | chaos | compat | pack | pictures) "verb_$verb" "$@" ;;
  "") usage ;;
  *) usage >&2; die "Unknown verb '$verb'." ;;
esac
