/** The signature against AWS's own test suite (aws-sig-v4-test-suite: get-vanilla, post-vanilla and others). */
import { describe, expect, it } from 'vitest';
import { signAwsRequest } from './aws-signature.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: undefined,
};
const scope = { region: 'us-east-1', service: 'service', now: new Date('2015-08-30T12:36:00Z') };
const url = new URL('https://example.amazonaws.com/');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('a signature of AWS, version 4', () => {
  it.for([
    ['get-vanilla', 'GET', {}, '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['post-vanilla', 'POST', {}, '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-x-www-form-urlencoded',
      'POST',
      FORM,
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
    [
      'get-header-value-trim',
      'GET',
      { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
      '',
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
  ] as const)('is that of %s', ([, method, headers, body, signature]) => {
    const signed = signAwsRequest({ method, url, headers, body }, credentials, scope);

    const names = ['host', 'x-amz-date', ...Object.keys(headers)].toSorted().join(';');
    expect(signed['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=${names}, Signature=${signature}`,
    );
    expect(signed).toMatchObject({ ...headers, 'x-amz-date': '20150830T123600Z' });
  });

  it('covers the token of temporary credentials', () => {
    const request = { method: 'POST', url, headers: {}, body: '' } as const;

    const signed = signAwsRequest(request, { ...credentials, sessionToken: 'a-session' }, scope);
    const plain = signAwsRequest(request, credentials, scope);

    expect(signed['x-amz-security-token']).toBe('a-session');
    expect(signed['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
    expect(signed['authorization']?.split('Signature=')[1]).not.toBe(
      plain['authorization']?.split('Signature=')[1],
    );
  });

  it.for(['https://example.amazonaws.com/?a=b', 'https://example.amazonaws.com/%C3%A9'])(
    'is not made for %s, which it could get wrong',
    (text) => {
      const request = { method: 'GET', url: new URL(text), headers: {}, body: '' } as const;

      expect(() => signAwsRequest(request, credentials, scope)).toThrow(RangeError);
    },
  );
});
