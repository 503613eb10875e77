import t from 'tap';
import { figure } from '../helpers/figures.ts';
import { MIB, SKIP } from './facts.ts';
import { inWords, type Growth } from './soak-gauge.ts';
import { soak } from './soak-run.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const SECONDS = 25;
const RATE = 80;

t.jobs = 2;

t.test(
  `a short soak: every request succeeds, nothing grows (SEED=${SEED})`,
  { skip: SKIP },
  async (t) => {
    const report = await soak(t, {
      seconds: SECONDS,
      rate: RATE,
      seed: SEED,
      log: (line) => t.comment(line),
    });
    t.strictSame(report.faults, []);
    t.ok(report.requests > 0.8 * SECONDS * RATE, `${report.requests} requests`);
    t.equal(Object.keys(report.kinds).length, 7, 'of every kind');
    t.ok(report.rotations >= 4, `${report.rotations} rotations`);
    const { resident, kept } = report.growth as Growth;
    t.comment(`resident ${inWords(resident)}, kept ${inWords(kept)}`);
    figure(
      'requests of the short soak that failed',
      report.failures.length,
      `of ${report.requests}`,
    );
    figure('memory kept in the second half of the short soak', kept.growth / MIB, 'MiB more');
  },
);

t.test('a leak of 8 KiB with each request does not pass', { skip: SKIP }, async (t) => {
  const report = await soak(t, {
    seconds: SECONDS,
    rate: RATE,
    seed: SEED,
    log: (line) => t.comment(line),
    preload: 'leaking.ts',
  });
  t.strictSame(report.failures, []);
  const { kept } = report.growth as Growth;
  t.ok(
    report.faults.some((fault) => fault.startsWith('memory is kept')),
    inWords(kept),
  );
  figure('artificial leak that the soak found', kept.growth / MIB, 'MiB more');
});
