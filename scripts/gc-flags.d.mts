type Environment = Record<string, string | undefined>;

export function chooseGcFlags(options: {
  limitBytes: number;
  environment?: Environment;
  execArgv?: readonly string[];
}): { flags: string[]; env: Record<string, string> };

export function effectiveLimitBytes(
  environment: Environment,
  machine?: { constrained?: number; machine?: number },
): number;
