namespace MassTransit.Sidekiq;

internal sealed class ClockCheck() : DoctorCheck("clock")
{
    public override async Task<Finding> Run(Examination examination)
    {
        var server = await examination.Inspector.Redis(examination.Token);
        if (server.ClockSkew is not { } skew)
        {
            return Untold("its time", "TIME");
        }

        var fact = $"The clock of this machine is {Words.Span(skew)} {ClockSkew.Direction(skew)} Redis's.";
        return skew.Duration() > ClockSkew.Tolerable
            ? Error(
                fact,
                $"Synchronize both machines by NTP: above {Words.Span(ClockSkew.Tolerable)} scheduled jobs and retries run at the wrong time."
            )
            : Ok(fact);
    }
}
