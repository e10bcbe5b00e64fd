using System.Diagnostics;

namespace MassTransit.Sidekiq.Benchmarks;

// From kill -9 of a process with ten jobs in hand until all of them run in another.
internal sealed class RecoveryBenchmark(Lab lab)
{
    const int Database = 2;

    public async Task Run(Figures figures)
    {
        var scenes = new List<Scene>();
        try
        {
            // Hangfire gives the jobs of a dead process to others after half an hour.
            foreach (var contestant in lab.Contestants(Database).Where(peer => peer.Name != BenchOptions.Hangfire))
            {
                scenes.Add(await Scene.Set(lab, contestant));
            }

            foreach (var scene in scenes)
            {
                var time = await scene.Play();
                figures.Add(scene.Contestant.Figure("recovery", "kill9_s"), time.TotalSeconds, "s");
            }
        }
        finally
        {
            foreach (var scene in scenes)
            {
                await scene.DisposeAsync();
            }
        }
    }

    sealed class Scene(Contestant contestant, Worker victim, Worker survivor, TimedJob[] jobs) : IAsyncDisposable
    {
        public Contestant Contestant => contestant;

        public static async Task<Scene> Set(Lab lab, Contestant contestant)
        {
            var (held, other) = (lab.NewQueue(), lab.NewQueue());
            var victim = await Worker.Start(contestant, [held], holding: true);
            var jobs = new TimedJob[Contestant.Concurrency];
            await using (var sender = await contestant.Sender<TimedJob>(held))
            {
                for (var job = 0; job < jobs.Length; job++)
                {
                    jobs[job] = TimedJob.Now;
                    await sender.Send(jobs[job]);
                    await victim.Started(jobs[job]);
                }
            }

            var survivor = await Worker.Start(contestant, [held, other]);
            await using (var sender = await contestant.Sender<TimedJob>(other))
            {
                await survivor.Warm(contestant, sender);
            }

            return new Scene(contestant, victim, survivor, jobs);
        }

        public async Task<TimeSpan> Play()
        {
            var start = Stopwatch.GetTimestamp();
            await victim.Kill();
            await Task.WhenAll(jobs.Select(survivor.Started));
            return Stopwatch.GetElapsedTime(start);
        }

        public async ValueTask DisposeAsync()
        {
            await victim.DisposeAsync();
            await survivor.DisposeAsync();
        }
    }
}
