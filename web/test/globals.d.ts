// What browsers have and TypeScript's own DOM library does not say.

interface Keyboard {
  lock(codes?: string[]): Promise<void>;
  unlock(): void;
}

interface Navigator {
  readonly keyboard?: Keyboard;
  readonly userAgentData?: { readonly platform: string };
}

interface RTCRtpReceiver {
  playoutDelayHint?: number | null;
}

interface VideoFrameCallbackMetadata {
  readonly captureTime?: number;
  readonly receiveTime?: number;
}

interface Window {
  readonly cosmos: { state(): string; stats(): object; readonly version: number };
}
