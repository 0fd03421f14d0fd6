import { describe, expect, it } from 'vitest';
import { allRoutes } from './all-routes.ts';
import { decode } from './decode.ts';
import { commonProblems, Problem, type ProblemCode, problems, problemType } from './problems.ts';

const codes = Object.keys(problems) as ProblemCode[];

describe('problems', () => {
  it.for(codes)('says of %s what it means and what to do', (code) => {
    const { status, title, help } = problems[code];

    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/\.$/);
    expect(help).toMatch(/\. .*\.$/);
  });

  it('names each by a URN', () => {
    expect(problemType('conflict')).toBe('urn:zkvault:problem:conflict');
  });

  it('are read with whatever a newer server adds', () => {
    const sent = { type: 'x', title: 'y', status: 418, code: 'new', requestId: 'z', more: 1 };

    expect(decode(Problem, sent)).toEqual({
      type: 'x',
      title: 'y',
      status: 418,
      code: 'new',
      requestId: 'z',
    });
  });

  it('are each declared by a route or common to all', () => {
    const declared = new Set([...commonProblems, ...allRoutes.flatMap((route) => route.refusals)]);

    expect(codes.filter((code) => !declared.has(code))).toEqual([]);
  });
});
