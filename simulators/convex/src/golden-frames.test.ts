import { expect, test } from 'vitest';
import { rawSocket, start } from './simulator.fixture.ts';

/** Timestamps and request ids differ from run to run; everything else is byte for byte what the real clients parse. */
function masked(frame: string): string {
  return frame
    .replace(/"ts":"(?!AAAAAAAAAAA=)[\w+/]{11}="/gu, '"ts":"TS"')
    .replace(/Request ID: [0-9a-f]{16}/gu, 'Request ID: ID');
}

test('a session frame by frame', async () => {
  const raw = await rawSocket(await start());
  const script = [
    '{"connectionCount":0,"lastCloseReason":"InitialConnect","clientTs":1764288000000,"type":"Connect","sessionId":"5e1dd6a2-2c5a-4f0b-9d8e-000000000000"}',
    '{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":0,"udfPath":"notes:list","args":[{"owner":"a"}]}]}',
    '{"type":"Mutation","requestId":0,"udfPath":"notes:add","args":[{"owner":"a","text":"x"}]}',
    '{"type":"Action","requestId":1,"udfPath":"notes:addByAction","args":[{"owner":"b","text":"y"}]}',
    '{"type":"Mutation","requestId":2,"udfPath":"notes:addAndFail","args":[{"owner":"a","data":{"code":"no"}}]}',
    '{"type":"Authenticate","tokenType":"User","value":"rubbish","baseVersion":0}',
    '{"type":"Authenticate","tokenType":"None","baseVersion":0}',
    '{"type":"ModifyQuerySet","baseVersion":1,"newVersion":2,"modifications":[{"type":"Remove","queryId":0},{"type":"Add","queryId":1,"udfPath":"values:fail","args":[{}]}]}',
    '{"type":"Event","eventType":"ClientConnect","event":{}}',
  ];
  // How many frames there are after each message.
  const after = [0, 1, 3, 4, 5, 6, 7, 8, 8];
  for (const [n, message] of script.entries()) {
    raw.send(message);
    const count = after[n] ?? 0;
    if (count > 0) await raw.frame(count - 1);
  }
  expect(raw.frames.map(masked)).toEqual([
    '{"type":"Transition","startVersion":{"querySet":0,"identity":0,"ts":"AAAAAAAAAAA="},"endVersion":{"querySet":1,"identity":0,"ts":"TS"},"modifications":[{"type":"QueryUpdated","queryId":0,"value":[],"logLines":[],"journal":null}]}',
    '{"type":"MutationResponse","requestId":0,"success":true,"result":null,"ts":"TS","logLines":[]}',
    '{"type":"Transition","startVersion":{"querySet":1,"identity":0,"ts":"TS"},"endVersion":{"querySet":1,"identity":0,"ts":"TS"},"modifications":[{"type":"QueryUpdated","queryId":0,"value":["x"],"logLines":[],"journal":null}]}',
    '{"type":"ActionResponse","requestId":1,"success":true,"result":["y"],"logLines":[]}',
    '{"type":"MutationResponse","requestId":2,"success":false,"result":"[Request ID: ID] Server Error\\nUncaught ConvexError: {\\"code\\":\\"no\\"}\\n","errorData":{"code":"no"},"logLines":[]}',
    '{"type":"AuthError","error":"Could not decode the token","baseVersion":0,"authUpdateAttempted":true}',
    '{"type":"Transition","startVersion":{"querySet":1,"identity":0,"ts":"TS"},"endVersion":{"querySet":1,"identity":1,"ts":"TS"},"modifications":[{"type":"QueryUpdated","queryId":0,"value":["x"],"logLines":[],"journal":null}]}',
    '{"type":"Transition","startVersion":{"querySet":1,"identity":1,"ts":"TS"},"endVersion":{"querySet":2,"identity":1,"ts":"TS"},"modifications":[{"type":"QueryRemoved","queryId":0},{"type":"QueryFailed","queryId":1,"errorMessage":"[Request ID: ID] Server Error\\nUncaught Error: the plain text\\n","logLines":[],"journal":null}]}',
  ]);
});
