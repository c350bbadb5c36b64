import { HttpAgent } from '@dfinity/agent';
import { AuthClient } from '@dfinity/auth-client';
import { Principal } from '@dfinity/principal';

export interface Account {
  principal: string;
  host: string;
}

export async function signIn(host: string): Promise<Account> {
  const client = await AuthClient.create();
  const agent = HttpAgent.createSync({ host, identity: client.getIdentity() });
  return { principal: Principal.anonymous().toText(), host: agent.host.hostname };
}
