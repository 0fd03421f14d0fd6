/** @file Logins as logs have them. */

/** `a***@example.com` for an e-mail address, `a***` for a username or anything else. */
export function maskLogin(login: string): string {
  const [first = ''] = login;
  const at = login.lastIndexOf('@');
  const domain = at === -1 ? '' : login.slice(at);
  return `${first}***${/^@[a-z0-9.-]{1,253}$/.test(domain) ? domain : ''}`;
}
