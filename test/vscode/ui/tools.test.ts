import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Comparison, Evaluation, Pair } from '../../../src/engine/results.ts';
import { VscodeSuite } from '../harness/vscodeSuite.ts';

const TOOLS = ['modelStability_compareRuns', 'modelStability_evaluate', 'modelStability_worstPictures'];
const JOB = 60_000;

interface Answer {
  text?: string;
  error?: string;
  tools: string[];
}

/** Without a model: an extension of the harness calls the tools as an assistant would. */
describe('the tools for assistants in VS Code', function () {
  this.timeout(120_000);
  const suite = new VscodeSuite({
    name: 'tools', perClass: 4, helper: 'toolCaller', settings: { 'chat.disableAIFeatures': false, 'modelStability.images': 'pictures' },
    prepare: ({ evaluate }) => {
      evaluate('first', ['jpeg:5', 'crop:24']);
      evaluate('second', ['jpeg:5', 'crop:24'], ['--seed', '5']);
    },
    begin: ({ workbench }) => workbench.openModel('patches.onnx'),
  });
  const run = (name: string) => suite.file('.model-stability', 'runs', name);

  /** Calls a tool and answers the question that it asks before, which must hold these words. */
  const call = async (name: string, input: object, words: readonly string[], button: 'Yes' | 'Cancel' = 'Yes'): Promise<Answer> => {
    suite.writeJson({ name, input }, 'tool-call.json');
    if (existsSync(suite.file('tool-answer.json'))) rmSync(suite.file('tool-answer.json'));
    await suite.workbench.runCommand('Test: Call a Tool');
    let dialog = suite.page.locator('.monaco-dialog-box');
    for (const word of words) dialog = dialog.filter({ hasText: word });
    await dialog.waitFor();
    await suite.workbench.screenshot(`tool-${name}`);
    await suite.side.answerDialog(button);
    const answered = suite.workbench.notification('The tool has answered.');
    await answered.waitFor({ timeout: JOB });
    await suite.workbench.runCommand('Notifications: Clear All Notifications');
    return suite.readJson('tool-answer.json') as Answer;
  };

  it('lists the most unstable pictures of a run after a question, by the figures of the run', async () => {
    const { text, tools } = await call('modelStability_worstPictures', { run: run('first'), count: 3 }, ['List the most unstable pictures?', run('first')]);
    assert.deepEqual(tools.filter((name) => name.startsWith('modelStability')).sort(), TOOLS);
    const pairs = readFileSync(path.join(run('first'), 'pairs.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Pair);
    const changed = pairs.filter(({ labelA, labelB }) => labelA !== labelB).sort((one, other) => other.featureDistance - one.featureDistance);
    assert.ok(changed.length > 3);
    const answer = (top: Pair['topA']) => `${top[0]![0]} ${top[0]![1].toFixed(2)}`;
    assert.deepEqual(text?.split('\n'), [
      `Run: ${run('first')}`, `Pictures are relative to ${suite.file('pictures')}`, `${changed.length} of ${pairs.length} pairs changed their label; the farthest:`,
      ...changed.slice(0, 3).map(({ image, distortion, strength, featureDistance, topA, topB }) => `${image}, ${distortion} ${strength}: distance ${featureDistance.toFixed(4)}, ${answer(topA)} → ${answer(topB)}`),
    ]);
  });

  it('compares two runs as the command line does', async () => {
    const { text } = await call('modelStability_compareRuns', { a: run('first'), b: run('second') }, ['Compare two runs?', run('first'), run('second')]);
    const { verdict, differences, distortions } = JSON.parse(suite.commandLine(['compare', run('first'), run('second'), '--json'])) as Comparison;
    const [first, ...lines] = text!.split('\n');
    assert.equal(first, verdict);
    assert.deepEqual(lines.filter((line) => line.startsWith('The runs differ: ')), differences.map((difference) => `The runs differ: ${difference}`));
    assert.ok(differences.length > 0);
    for (const { name, strength, labelInstability, pairs } of distortions) {
      const share = (value: number) => `${(100 * value).toFixed(1)} %`;
      const line = lines.find((each) => each.startsWith(`${name} ${strength}: `))!;
      assert.ok(line.includes(`${share(labelInstability!.a.value)} → ${share(labelInstability!.b.value)} of labels changed`), line);
      assert.ok(line.endsWith(`${pairs.newlyStable} newly stable, ${pairs.newlyBroken} newly broken`), line);
    }
  });

  it('does nothing where the question is answered with no', async () => {
    const before = suite.runs;
    assert.equal((await call('modelStability_evaluate', { model: 'models/patches.onnx' }, ['Evaluate the stability of patches.onnx?'], 'Cancel')).text, undefined);
    assert.deepEqual(suite.runs, before);
  });

  it('evaluates a model after a question that names it and its pictures', async () => {
    const { text } = await call('modelStability_evaluate', { model: 'models/patches.onnx', distortions: ['jpeg:10'] }, ['Evaluate the stability of patches.onnx?', 'models/patches.onnx', suite.file('pictures')]);
    const made = suite.runs.filter((name) => !['first', 'second'].includes(name));
    const { distortions: [jpeg, ...others], clean, images } = suite.readRun(made[0]!) as Evaluation;
    assert.deepEqual([made.length, others, images.evaluated], [1, [], 36]);
    const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
    assert.ok(text!.startsWith(`Run: ${run(made[0]!)}\nPictures: 36 of 36 in ${suite.file('pictures')}\nClean precision@1: ${percent(clean!.precisionAt1.value)} (95 % interval `), text);
    assert.ok(text!.includes(`\njpeg 10: labels changed ${percent(jpeg!.labelInstability!.value)} (95 % interval `), text);
  });

  it('says in one sentence what it cannot find', async () => {
    const { error } = await call('modelStability_evaluate', { model: 'models/nowhere.onnx' }, ['nowhere.onnx']);
    assert.equal(error, 'no such model file: models/nowhere.onnx');
  });
});
