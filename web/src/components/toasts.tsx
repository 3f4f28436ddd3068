import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';
import type { ReactNode } from 'react';

/** Says for a few seconds what has been done: const say = useToast(); say('Webhook saved'). */
export function useToast(): (text: string) => void {
  const { add } = Toast.useToastManager();
  return (text) => void add({ title: text });
}

function Shown() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" swipeDirection="down">
      <Toast.Content className="toast-content">
        <Toast.Title render={<p />} />
        <Toast.Close className="button-icon" aria-label="Dismiss"><X aria-hidden size={18} /></Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={5000}>
      {children}
      <Toast.Portal><Toast.Viewport className="toasts"><Shown /></Toast.Viewport></Toast.Portal>
    </Toast.Provider>
  );
}
