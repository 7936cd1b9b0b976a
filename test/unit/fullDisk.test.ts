import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommandLine, exampleModels, examplePictures, filesBelow, sha256, temporaryFolder } from './engineHarness.ts';

/** A mount namespace of our own, where the system lets us have one: what is mounted there ends with the process. */
const namespace = [['unshare', '-m'], ['unshare', '-rm']].find(([command, ...options]) => spawnSync(command!, [...options, 'mount', '-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', '/mnt']).status === 0);

/**
 * Runs `script` where `$DISK` is a disk of so many kB; elsewhere files of that size are the largest that can be written, which is
 * the nearest thing to a full disk that every system has.
 */
function onDisk(disk: string, kilobytes: number, script: string): { status: number | null; stdout: string; stderr: string } {
  const shell = namespace
    ? [...namespace, 'sh', '-c', `mount -t tmpfs -o size=${kilobytes}k tmpfs "$DISK" && { ${script}; }`]
    : ['sh', '-c', `{ ${script.replace(/mount [^;]*;/, '')}; }`.replace('"$NODE"', `ulimit -f ${kilobytes * 2}; "$NODE"`)];
  const { status, stdout, stderr } = spawnSync(shell[0]!, shell.slice(1), { encoding: 'utf8', env: { ...process.env, DISK: disk, NODE: process.execPath } });
  return { status, stdout, stderr };
}

describe('a disk that cannot be written to', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const full = namespace ? 'the disk is full' : 'it is larger than a file may be here';
  let program: string;
  let made = 0;
  before(() => (program = buildCommandLine()));

  function place(): { disk: string; model: string; run: string } {
    const inside = join(folder, String(++made));
    const disk = join(inside, 'disk');
    mkdirSync(disk, { recursive: true });
    copyFileSync(exampleModels.digits, join(inside, 'digits.onnx'));
    return { disk, model: join(inside, 'digits.onnx'), run: join(inside, 'run') };
  }
  const pictures = (): string => `--images '${examplePictures('digits/train')}' --limit 60 --threads 1 --distortion jpeg:10`;
  const short = '--alpha 1 --sigma 0.1 --epochs 1 --draws 2';

  it('is full: the new file is one sentence, the original stays, nothing is left', () => {
    const { disk, model, run } = place();
    const { status, stdout, stderr } = onDisk(disk, namespace ? 100 : 50, `cp '${model}' "$DISK/m.onnx"; "$NODE" '${program}' stabilize "$DISK/m.onnx" ${pictures()} ${short} --run '${run}'; S=$?; ls -A "$DISK"; sha256sum "$DISK/m.onnx"; exit $S`);
    assert.match(stderr, new RegExp(`^model-stability: cannot write ${disk}/m\\.(stabilized|rejected)\\.onnx: ${full}\\n$`));
    assert.deepEqual([status, stdout], [1, `m.onnx\n${sha256(model)}  ${disk}/m.onnx\n`]);
    assert.match(filesBelow(run).join(' '), /state\.json/);
  });

  it('fills up while features are kept', () => {
    const { disk, model } = place();
    const { status, stderr } = onDisk(disk, namespace ? 24 : 8, `"$NODE" '${program}' stabilize '${model}' ${pictures()} ${short} --run "$DISK/run"`);
    assert.match(stderr, new RegExp(`^model-stability: cannot write ${disk}/run/\\S+: ${full}\\n$`));
    assert.equal(status, 1);
  });

  it('fills up while pairs are written', () => {
    const { disk, model } = place();
    const { status, stderr } = onDisk(disk, namespace ? 20 : 4, `"$NODE" '${program}' evaluate '${model}' ${pictures()} --distortion crop:3 --run "$DISK/run"`);
    assert.equal(stderr, `model-stability: cannot write ${disk}/run/pairs.jsonl: ${full}\n`);
    assert.equal(status, 1);
  });

  it('fills up while pictures are distorted', () => {
    const { disk } = place();
    const { status, stderr } = onDisk(disk, namespace ? 20 : 0, `"$NODE" '${program}' distort ${pictures().replace('--threads 1 ', '')} --output "$DISK/out"`);
    assert.match(stderr, new RegExp(`^model-stability: cannot write ${disk}/out/\\S+: ${full}\\n$`));
    assert.equal(status, 1);
  });

  describe('is read-only', () => {
    // Without a namespace, the system's own folder is one that nobody may write to.
    const reason = namespace ? 'the file system is read-only' : '(the file system is read-only|the folder cannot be written to)';
    const where = (disk: string): string => (namespace ? disk : '/sys');

    it('beside the model: known before any work', () => {
      const { disk, model, run } = place();
      const output = namespace ? '' : '--output /sys/m.stabilized.onnx';
      const { status, stderr } = onDisk(disk, 100, `cp '${model}' "$DISK/m.onnx"; mount -o remount,ro "$DISK"; "$NODE" '${program}' stabilize "$DISK/m.onnx" ${pictures()} ${short} ${output} --run '${run}'`);
      assert.match(stderr, new RegExp(`^model-stability: cannot write ${where(disk)}/m\\.stabilized${namespace ? '' : '(\\.rejected)?'}\\.onnx: ${reason}\\n$`));
      assert.equal(status, 1);
      // Root may write where nobody can: there it shows at the end only.
      if (namespace) assert.ok(!existsSync(run), 'work was begun');
    });

    it('where the run is to be', () => {
      const { disk, model } = place();
      const { status, stderr } = onDisk(disk, 100, `mount -o remount,ro "$DISK"; "$NODE" '${program}' evaluate '${model}' ${pictures()} --run '${where(disk)}/run'`);
      assert.match(stderr, new RegExp(`^model-stability: cannot write ${where(disk)}/run: ${reason}\\n$`));
      assert.equal(status, 1);
    });
  });
});
